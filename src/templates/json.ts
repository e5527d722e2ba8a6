/** `tojson`: JSON that may stand in HTML, written as Python's json.dumps writes it with sorted keys. */
import type { Budget } from './budget.ts';
import { orderTexts } from './comparison.ts';
import { TemplateError } from './error.ts';
import { floatText, numberText } from './printing.ts';
import {
  dictEntries,
  isFloat,
  isNumber,
  listItems,
  textOf,
  toNumber,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

const maxNesting = 200;

/** @param indent spaces for each level; null: all on one line */
export function toJson(value: Value, indent: number | null, budget: Budget): string {
  const text = write(value, indent, budget, 0);
  budget.space(text.length * 2);
  return text.replace(/[<>&']/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}

function write(value: Value, indent: number | null, budget: Budget, level: number): string {
  budget.step();
  if (level > maxNesting)
    throw new TemplateError('maximum recursion depth exceeded while encoding JSON');
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const text = textOf(value);
  if (text !== undefined) return quote(text, budget);
  if (isNumber(value)) return jsonNumber(value);
  const items = value instanceof Tuple ? value.items : listItems(value);
  if (items !== undefined)
    return enclose(
      '[',
      items.map((item) => write(item, indent, budget, level + 1)),
      ']',
      indent,
      level,
      budget,
    );
  const entries = dictEntries(value);
  if (entries === undefined || value instanceof Undefined)
    throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
  const pairs = entries
    .map(([key, held]) => [keyText(key), held] as const)
    .sort(([a], [b]) => orderTexts(a, b))
    .map(([key, held]) => `${quote(key, budget)}: ${write(held, indent, budget, level + 1)}`);
  return enclose('{', pairs, '}', indent, level, budget);
}

function enclose(
  open: string,
  parts: string[],
  close: string,
  indent: number | null,
  level: number,
  budget: Budget,
): string {
  if (parts.length === 0) return open + close;
  const size = parts.reduce((sum, part) => sum + part.length + 2, 2);
  const gap = indent === null ? 0 : Math.max(0, indent) * (level + 1) + 1;
  budget.space(size + gap * parts.length);
  if (indent === null) return `${open}${parts.join(', ')}${close}`;
  const line = `\n${' '.repeat(Math.max(0, indent) * (level + 1))}`;
  const last = `\n${' '.repeat(Math.max(0, indent) * level)}`;
  return `${open}${line}${parts.join(`,${line}`)}${last}${close}`;
}

function jsonNumber(value: Parameters<typeof numberText>[0]): string {
  if (!isFloat(value)) return numberText(value);
  const number = toNumber(value);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : '-Infinity';
  return floatText(number);
}

function keyText(key: Value): string {
  const text = textOf(key);
  if (text !== undefined) return text;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return key ? 'true' : 'false';
  if (isNumber(key)) return jsonNumber(key);
  throw new TemplateError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

/** ASCII alone, as json.dumps writes it. */
function quote(text: string, budget: Budget): string {
  budget.space(text.length * 2);
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (sign) =>
    sign === '\x7f' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
