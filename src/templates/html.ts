/** markupsafe's escaping. */
import type { Budget } from './budget.ts';
import { str } from './printing.ts';
import { Markup, type Value } from './values.ts';

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

export const htmlEscape = (text: string): string =>
  text.replace(/[&<>'"]/g, (sign) => entities[sign] ?? sign);

/** What is markup already stays as it is. */
export function escapeValue(value: Value, budget: Budget): Markup {
  if (value instanceof Markup) return value;
  const text = str(value, budget);
  budget.space(text.length * 5);
  budget.step(Math.ceil(text.length / 4));
  return new Markup(htmlEscape(text));
}
