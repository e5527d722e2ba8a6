/** `pprint`: on one line when it fits into 80 columns, else an element a line. */
import type { Budget } from './budget.ts';
import { orderTexts } from './comparison.ts';
import { repr } from './printing.ts';
import { dictEntries, Dict, isDataDict, listItems, textOf, Tuple, type Value } from './values.ts';

const width = 80;

export function pprint(value: Value, budget: Budget): string {
  return write(value, 0, 0, budget);
}

/** @param column where the value begins; @param after what follows it on the line, in characters */
function write(value: Value, column: number, after: number, budget: Budget): string {
  budget.step();
  const flat = repr(inOrder(value, budget), budget);
  if (column + flat.length + after <= width) return flat;
  const items = value instanceof Tuple ? value.items : listItems(value);
  const line = `,\n${' '.repeat(column + 1)}`;
  if (items !== undefined && items.length > 0) {
    const [open, close] = value instanceof Tuple ? ['(', ')'] : ['[', ']'];
    const parts = items.map((item, place) =>
      write(item, column + 1, place === items.length - 1 ? after + 1 : 1, budget),
    );
    return open + parts.join(line) + close;
  }
  const entries = dictEntries(inOrder(value, budget));
  if (entries === undefined || entries.length === 0) return flat;
  const parts = entries.map(([key, held], place) => {
    const name = repr(key, budget);
    const rest = place === entries.length - 1 ? after + 1 : 1;
    return `${name}: ${write(held, column + name.length + 3, rest, budget)}`;
  });
  return `{${parts.join(line)}}`;
}

/** pprint sorts the keys of mappings, at every level. */
function inOrder(value: Value, budget: Budget, level = 0): Value {
  if (level > 100) return value;
  budget.step();
  if (value instanceof Dict || isDataDict(value)) {
    const sorted = new Dict();
    const entries = (dictEntries(value) ?? []).sort(([a], [b]) =>
      orderTexts(textOf(a) ?? repr(a, budget), textOf(b) ?? repr(b, budget)),
    );
    for (const [key, held] of entries) sorted.set(key, inOrder(held, budget, level + 1), budget);
    return sorted;
  }
  if (value instanceof Tuple)
    return new Tuple(value.items.map((item) => inOrder(item, budget, level + 1)));
  const items = listItems(value);
  return items === undefined ? value : items.map((item) => inOrder(item, budget, level + 1));
}
