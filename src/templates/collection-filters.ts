/** Filters of lists and mappings. */
import { type Budget, elementSize } from './budget.ts';
import { bind } from './call.ts';
import { isEqual, order } from './comparison.ts';
import { intArg, textArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import type { Filter } from './filter.ts';
import { iterate, lengthOf, newList } from './iterate.ts';
import { getAttribute } from './lookup.ts';
import { binary } from './operators.ts';
import { attributeGetter, attributesGetter } from './paths.ts';
import { str } from './printing.ts';
import { sorted } from './sorting.ts';
import { joined } from './text.ts';
import {
  defined,
  dictEntries,
  Group,
  hashOf,
  listItems,
  Markup,
  Sequence,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** Text without regard to case; everything else as it is. */
function ignoreCase(value: Value, budget: Budget): Value {
  const text = textOf(value);
  if (text === undefined) return value;
  budget.apart(text.length);
  const lower = text.toLowerCase();
  if (lower === text) return text;
  budget.space(lower.length);
  return lower;
}

const foldUnless = (caseSensitive: Value | undefined, budget: Budget) =>
  truthArg(caseSensitive, false)
    ? (value: Value) => value
    : (value: Value) => ignoreCase(value, budget);

const batch: Filter = (value, args, { budget }) => {
  const [count, fill] = bind('batch', args, ['linecount', 'fill_with?']);
  const size = intArg(count) ?? 0;
  const items = iterate(value, budget);
  const rows: Value[] = [];
  let row: Value[] = [];
  for (const item of items) {
    budget.step();
    if (row.length === size) {
      rows.push(newList(row, budget));
      row = [];
    }
    row.push(item);
  }
  if (row.length > 0) {
    const missing = fill === undefined || fill === null ? 0 : Math.max(0, size - row.length);
    budget.space(missing * elementSize);
    if (fill !== undefined) for (let n = 0; n < missing; n++) row.push(fill);
    rows.push(newList(row, budget));
  }
  return new Sequence('generator', rows);
};

const slice: Filter = (value, args, { budget }) => {
  const [count, fill] = bind('slice', args, ['slices', 'fill_with?']);
  const items = iterate(value, budget);
  const slices = intArg(count) ?? 0;
  if (slices === 0) throw new TemplateError('integer division or modulo by zero');
  budget.space(Math.max(0, slices) * elementSize);
  budget.step(Math.max(0, slices));
  const size = Math.floor(items.length / slices);
  const extra = items.length - size * slices;
  const parts: Value[] = [];
  let offset = 0;
  for (let n = 0; n < slices; n++) {
    const start = offset + n * size;
    if (n < extra) offset++;
    const part = items.slice(start, offset + (n + 1) * size);
    if (fill !== undefined && fill !== null && n >= extra) part.push(fill);
    parts.push(newList(part, budget));
  }
  return new Sequence('generator', parts);
};

const dictsort: Filter = (value, args, { budget }) => {
  const [caseSensitive, by, reverse] = bind('dictsort', args, [
    'case_sensitive?',
    'by?',
    'reverse?',
  ]);
  const place = ['key', 'value'].indexOf(textArg(by) ?? 'key');
  if (place < 0) throw new TemplateError('You can only sort by either "key" or "value"');
  const entries = dictEntries(value);
  if (entries === undefined)
    throw new TemplateError(`'${typeName(value)}' object has no attribute 'items'`);
  const fold = foldUnless(caseSensitive, budget);
  const pairs = entries.map((entry) => new Tuple(entry));
  const keyOf = (pair: Value) => fold(pair instanceof Tuple ? (pair.items[place] ?? null) : null);
  return newList(sorted(pairs, keyOf, truthArg(reverse, false), budget), budget);
};

const end =
  (name: 'first' | 'last'): Filter =>
  (value, args, { budget }) => {
    bind(name, args, []);
    if (name === 'last' && value instanceof Sequence && value.kind === 'generator')
      throw new TemplateError(`'generator' object is not reversible`);
    const items = iterate(value, budget);
    const item = items.at(name === 'first' ? 0 : -1);
    return item === undefined ? new Undefined(`No ${name} item, sequence was empty.`) : item;
  };

const groupby: Filter = (value, args, { budget }) => {
  const [attribute, otherwise, caseSensitive] = bind('groupby', args, [
    'attribute',
    'default?',
    'case_sensitive?',
  ]);
  const fold = foldUnless(caseSensitive, budget);
  const options = otherwise === undefined ? {} : { otherwise };
  const get = attributeGetter(attribute, budget, { ...options, change: fold });
  const plain = attributeGetter(attribute, budget, options);
  const groups: { key: Value; shown: Value; items: Value[] }[] = [];
  for (const item of sorted(iterate(value, budget), get, false, budget)) {
    const key = get(item);
    const last = groups.at(-1);
    if (last !== undefined && isEqual(last.key, key, budget)) last.items.push(item);
    else groups.push({ key, shown: plain(item), items: [item] });
  }
  return newList(
    groups.map(({ shown, items }) => new Group(shown, newList(items, budget))),
    budget,
  );
};

const join: Filter = (value, args, { budget }) => {
  const [separator, attribute] = bind('join', args, ['d?', 'attribute?']);
  const get = attributeGetter(attribute, budget);
  const parts = iterate(value, budget).map((item) => str(get(item), budget));
  budget.step(parts.length);
  return joined(parts, str(separator ?? '', budget), budget);
};

const length: Filter = (value, args, { budget }) => (
  bind('length', args, []),
  lengthOf(value, budget)
);

const extreme =
  (name: 'min' | 'max'): Filter =>
  (value, args, { budget }) => {
    const [caseSensitive, attribute] = bind(name, args, ['case_sensitive?', 'attribute?']);
    const items = iterate(value, budget);
    const [head] = items;
    if (head === undefined) return new Undefined('No aggregated item, sequence was empty.');
    const get = attributeGetter(attribute, budget, { change: foldUnless(caseSensitive, budget) });
    let best = { item: head, key: get(head) };
    for (const item of items.slice(1)) {
      const key = get(item);
      const difference = order(key, best.key, budget, name === 'min' ? '<' : '>');
      if (name === 'min' ? difference < 0 : difference > 0) best = { item, key };
    }
    return best.item;
  };

const reverse: Filter = (value, args, { budget }) => {
  bind('reverse', args, []);
  const text = textOf(value);
  if (text !== undefined) {
    budget.space(text.length);
    budget.apart(text.length);
    const turned = Array.from(text).reverse().join('');
    return value instanceof Markup ? new Markup(turned) : turned;
  }
  const items = iterate(value, budget, () => 'argument must be iterable');
  budget.space(items.length * elementSize);
  return new Sequence('iterator', [...items].reverse());
};

const sort: Filter = (value, args, { budget }) => {
  const [isReversed, caseSensitive, attribute] = bind('sort', args, [
    'reverse?',
    'case_sensitive?',
    'attribute?',
  ]);
  const get = attributesGetter(attribute, budget, foldUnless(caseSensitive, budget));
  return newList(sorted(iterate(value, budget), get, truthArg(isReversed, false), budget), budget);
};

const sum: Filter = (value, args, { budget }) => {
  const [attribute, start = 0] = bind('sum', args, ['attribute?', 'start?']);
  if (textOf(start) !== undefined)
    throw new TemplateError("sum() can't sum strings [use ''.join(seq) instead]");
  const get = attributeGetter(attribute, budget);
  return iterate(value, budget).reduce<Value>((total, item) => {
    budget.step();
    return binary('+', total, get(item), budget);
  }, start);
};

const unique: Filter = (value, args, { budget }) => {
  const [caseSensitive, attribute] = bind('unique', args, ['case_sensitive?', 'attribute?']);
  const get = attributeGetter(attribute, budget, { change: foldUnless(caseSensitive, budget) });
  const seen = new Set<string>();
  const items = iterate(value, budget).filter((item) => {
    budget.step();
    const hash = hashOf(get(item), budget);
    if (seen.has(hash)) return false;
    budget.space(hash.length);
    seen.add(hash);
    return true;
  });
  budget.space(items.length * elementSize);
  return new Sequence('generator', items);
};

const items: Filter = (value, args, { budget }) => {
  bind('items', args, []);
  if (value instanceof Undefined) return new Sequence('generator', []);
  const entries = dictEntries(value);
  if (entries === undefined) throw new TemplateError('Can only get item pairs from a mapping.');
  budget.space(entries.length * elementSize);
  return new Sequence(
    'generator',
    entries.map((entry) => new Tuple(entry)),
  );
};

const random: Filter = (value, args, { budget }) => {
  bind('random', args, []);
  const all = textOf(value) === undefined ? randomItems(value) : iterate(value, budget);
  const item = all[Math.floor(Math.random() * all.length)];
  return item === undefined ? new Undefined('No random item, sequence was empty.') : item;
};

function randomItems(value: Value): readonly Value[] {
  defined(value);
  const known = value instanceof Tuple ? value.items : listItems(value);
  if (known === undefined)
    throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
  return known;
}

const attr: Filter = (value, args, { budget }) => {
  const [name] = bind('attr', args, ['name']);
  return attributeOnly(value, str(name ?? '', budget), budget);
};

/** Of a mapping `attr` gives methods, never keys. */
function attributeOnly(value: Value, name: string, budget: Budget): Value {
  const isMapping = dictEntries(value) !== undefined;
  const found = getAttribute(value, name, budget);
  const isKey = isMapping && !(typeof found === 'object' && found !== null && 'call' in found);
  return isKey ? new Undefined(`'dict object' has no attribute '${name}'`) : found;
}

export const collectionFilters: [string, Filter][] = [
  ['attr', attr],
  ['batch', batch],
  ['count', length],
  ['dictsort', dictsort],
  ['first', end('first')],
  ['groupby', groupby],
  ['items', items],
  ['join', join],
  ['last', end('last')],
  ['length', length],
  [
    'list',
    (value, args, { budget }) => (
      bind('list', args, []),
      newList([...iterate(value, budget)], budget)
    ),
  ],
  ['max', extreme('max')],
  ['min', extreme('min')],
  ['random', random],
  ['reverse', reverse],
  ['slice', slice],
  ['sort', sort],
  ['sum', sum],
  ['unique', unique],
];
