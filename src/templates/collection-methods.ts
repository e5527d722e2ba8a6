/** The methods Python's list, tuple and dict have. What came with the event is not changed: others get it too. */
import { type Budget, elementSize } from './budget.ts';
import { bind } from './call.ts';
import { isEqual } from './comparison.ts';
import { intArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import { iterate, newList } from './iterate.ts';
import { repr } from './printing.ts';
import { sorted } from './sorting.ts';
import {
  type Args,
  Callable,
  Dict,
  dictEntries,
  dictGet,
  isDataDict,
  List,
  listItems,
  Range,
  Sequence,
  Tuple,
  type Value,
} from './values.ts';

type Method = (value: Value, args: Args, budget: Budget) => Value;

const itemsOf = (value: Value) => (value instanceof Tuple ? value.items : (listItems(value) ?? []));

/** A list the template made. */
function own(value: Value, name: string): Value[] {
  if (!(value instanceof List))
    throw new TemplateError(`${name}(): a list of the event cannot be changed; copy it first`);
  return value.items;
}

function ownDict(value: Value, name: string): Dict {
  if (!(value instanceof Dict))
    throw new TemplateError(`${name}(): a mapping of the event cannot be changed; copy it first`);
  return value;
}

const sequenceMethods: [string, Method][] = [
  [
    'index',
    (value, args, budget) => {
      const [wanted = null, start, stop] = bind('index', args, ['value', 'start?', 'stop?']);
      const items = value instanceof Range ? iterate(value, budget) : itemsOf(value);
      const end = intArg(stop) ?? items.length;
      for (let place = intArg(start) ?? 0; place < Math.min(end, items.length); place++)
        if (isEqual(items[place] ?? null, wanted, budget)) return place;
      throw new TemplateError(`${repr(wanted, budget)} is not in list`);
    },
  ],
  [
    'count',
    (value, args, budget) => {
      const [wanted = null] = bind('count', args, ['value']);
      const items = value instanceof Range ? iterate(value, budget) : itemsOf(value);
      return items.filter((item) => isEqual(item, wanted, budget)).length;
    },
  ],
];

const listMethods: [string, Method][] = [
  ...sequenceMethods,
  ['copy', (value, args, budget) => (bind('copy', args, []), newList([...itemsOf(value)], budget))],
  [
    'append',
    (value, args, budget) => {
      const [item = null] = bind('append', args, ['object']);
      budget.space(elementSize);
      own(value, 'append').push(item);
      return null;
    },
  ],
  [
    'extend',
    (value, args, budget) => {
      const [more = null] = bind('extend', args, ['iterable']);
      const items = [...iterate(more, budget)];
      budget.space(items.length * elementSize);
      const target = own(value, 'extend');
      for (const item of items) target.push(item);
      return null;
    },
  ],
  [
    'insert',
    (value, args, budget) => {
      const [place, item = null] = bind('insert', args, ['index', 'object']);
      const target = own(value, 'insert');
      budget.space(elementSize);
      budget.step(1 + Math.ceil(target.length / 64));
      target.splice(intArg(place) ?? 0, 0, item);
      return null;
    },
  ],
  [
    'pop',
    (value, args, budget) => {
      const [place] = bind('pop', args, ['index?']);
      const target = own(value, 'pop');
      budget.step(1 + Math.ceil(target.length / 64));
      const at = intArg(place) ?? -1;
      if (target.length === 0) throw new TemplateError('pop from empty list');
      const [taken] = target.splice(at < 0 ? at + target.length : at, 1);
      if (taken === undefined) throw new TemplateError('pop index out of range');
      return taken;
    },
  ],
  [
    'remove',
    (value, args, budget) => {
      const [wanted = null] = bind('remove', args, ['value']);
      const target = own(value, 'remove');
      const place = target.findIndex((item) => isEqual(item, wanted, budget));
      if (place < 0) throw new TemplateError('list.remove(x): x not in list');
      target.splice(place, 1);
      return null;
    },
  ],
  ['clear', (value, args) => (bind('clear', args, []), (own(value, 'clear').length = 0), null)],
  ['reverse', (value, args) => (bind('reverse', args, []), own(value, 'reverse').reverse(), null)],
  [
    'sort',
    (value, args, budget) => {
      const [key, reverse] = bind('sort', args, ['key?', 'reverse?']);
      const target = own(value, 'sort');
      const keyOf = (item: Value) =>
        key instanceof Callable ? key.call({ positional: [item], named: new Map() }, budget) : item;
      const ordered = sorted(target, keyOf, truthArg(reverse, false), budget);
      target.splice(0, target.length, ...ordered);
      return null;
    },
  ],
];

const ofList: ReadonlyMap<string, Method> = new Map(listMethods);
const ofSequence: ReadonlyMap<string, Method> = new Map(sequenceMethods);

export const collectionMethods = (value: Value): ReadonlyMap<string, Method> =>
  value instanceof Tuple || value instanceof Range ? ofSequence : ofList;

const view = (kind: 'dict_keys' | 'dict_values' | 'dict_items', name: string): [string, Method] => [
  name,
  (value, args, budget) => {
    bind(name, args, []);
    const entries = dictEntries(value) ?? [];
    budget.space(entries.length * elementSize);
    return new Sequence(
      kind,
      kind === 'dict_items'
        ? entries.map((entry) => new Tuple(entry))
        : entries.map(([key, held]) => (kind === 'dict_keys' ? key : held)),
    );
  },
];

const lookIn = (value: Value, key: Value, budget: Budget): Value | undefined =>
  value instanceof Dict || isDataDict(value) ? dictGet(value, key, budget) : undefined;

function copyDict(value: Value, budget: Budget): Dict {
  const copy = new Dict();
  const entries = dictEntries(value) ?? [];
  budget.space(entries.length * elementSize * 2);
  for (const [key, held] of entries) copy.set(key, held, budget);
  return copy;
}

/** Pairs from a mapping or from a list of pairs. */
export function putAll(target: Dict, more: Value, budget: Budget): void {
  const entries = dictEntries(more) ?? iterate(more, budget).map((pair) => iterate(pair, budget));
  budget.space(entries.length * elementSize * 2);
  for (const [place, entry] of entries.entries()) {
    if (entry.length !== 2)
      throw new TemplateError(
        `dictionary update sequence element #${place} has length ${entry.length}; 2 is required`,
      );
    budget.step();
    target.set(entry[0] ?? null, entry[1] ?? null, budget);
  }
}

export const dictMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  view('dict_keys', 'keys'),
  view('dict_values', 'values'),
  view('dict_items', 'items'),
  [
    'get',
    (value, args, budget) => {
      const [key = null, otherwise = null] = bind('get', args, ['key', 'default?']);
      const found = lookIn(value, key, budget);
      return found === undefined ? otherwise : found;
    },
  ],
  ['copy', (value, args, budget) => (bind('copy', args, []), copyDict(value, budget))],
  [
    'pop',
    (value, args, budget) => {
      const [key = null, otherwise] = bind('pop', args, ['key', 'default?']);
      const target = ownDict(value, 'pop');
      const held = target.get(key, budget);
      const found = held === undefined ? otherwise : held;
      if (found === undefined) throw new TemplateError(repr(key, budget));
      target.delete(key, budget);
      return found;
    },
  ],
  [
    'popitem',
    (value, args, budget) => {
      bind('popitem', args, []);
      const target = ownDict(value, 'popitem');
      const last = Array.from(target.entries.values()).at(-1);
      if (last === undefined) throw new TemplateError("'popitem(): dictionary is empty'");
      target.delete(last.key, budget);
      return new Tuple([last.key, last.value]);
    },
  ],
  [
    'setdefault',
    (value, args, budget) => {
      const [key = null, otherwise = null] = bind('setdefault', args, ['key', 'default?']);
      const target = ownDict(value, 'setdefault');
      budget.space(elementSize * 2);
      if (target.get(key, budget) === undefined) target.set(key, otherwise, budget);
      return target.get(key, budget) ?? null;
    },
  ],
  [
    'update',
    (value, args, budget) => {
      const target = ownDict(value, 'update');
      for (const more of args.positional) putAll(target, more, budget);
      budget.space(args.named.size * elementSize * 2);
      for (const [key, held] of args.named) target.set(key, held, budget);
      return null;
    },
  ],
  [
    'clear',
    (value, args) => (bind('clear', args, []), ownDict(value, 'clear').entries.clear(), null),
  ],
]);
