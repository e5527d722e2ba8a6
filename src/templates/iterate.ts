import { type Budget, elementSize } from './budget.ts';
import { TemplateError } from './error.ts';
import {
  dictEntries,
  List,
  listItems,
  Range,
  Sequence,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** What `range` may have at most: the sandbox of Jinja2 allows no more either. */
export const maxRange = 100_000;

/** The items of whatever has items. Throws for what has none. */
export function iterate(
  value: Value,
  budget: Budget,
  complain = (type: string) => `'${type}' object is not iterable`,
): readonly Value[] {
  const known =
    value instanceof Tuple || value instanceof Sequence ? value.items : listItems(value);
  if (known !== undefined) return known;
  if (value instanceof Undefined) return [];
  const text = textOf(value);
  if (text !== undefined) {
    budget.space(text.length * elementSize);
    return Array.from(text);
  }
  if (value instanceof Range) {
    const { start, step, length } = value;
    budget.space(length * elementSize);
    budget.step(Math.ceil(length / 4));
    return Array.from({ length }, (_, place) => start + place * step);
  }
  const entries = dictEntries(value);
  if (entries !== undefined) {
    budget.space(entries.length * elementSize);
    return entries.map(([key]) => key);
  }
  throw new TemplateError(complain(typeName(value)));
}

/** How many items there are. Throws for what has no length. */
export function lengthOf(value: Value, budget: Budget): number {
  const text = textOf(value);
  if (text !== undefined) {
    budget.through(text.length);
    return codePoints(text);
  }
  if (value instanceof Range) return value.length;
  if (value instanceof Undefined) return 0;
  if (value instanceof Sequence && (value.kind === 'generator' || value.kind === 'iterator'))
    throw new TemplateError(`object of type '${value.kind}' has no len()`);
  return iterate(value, budget, (type) => `object of type '${type}' has no len()`).length;
}

/** Characters as Python counts them. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let place = 0; place < text.length - 1; place++) {
    const code = text.charCodeAt(place);
    const next = text.charCodeAt(place + 1);
    if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
      count--;
      place++;
    }
  }
  return count;
}

export const newList = (items: Value[], budget: Budget): List => {
  budget.space(items.length * elementSize);
  return new List(items);
};
