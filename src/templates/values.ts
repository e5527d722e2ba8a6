/**
 * The values of a template, which are Python's.
 *
 * None, booleans and text are null, booleans and strings. An int is a number without fraction, or a bigint
 * where a number is not exact. A float is a number with a fraction; one without is a {@link Float}, so that
 * 2.0 is not 2. Lists and mappings of the data are plain arrays and objects, of which only own properties
 * are looked at and which nothing changes; those that a template makes are {@link List} and {@link Dict}.
 */
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';

export type Value =
  | null
  | boolean
  | string
  | number
  | bigint
  | Float
  | Markup
  | Undefined
  | Tuple
  | List
  | Dict
  | DataList
  | DataDict
  | Range
  | Sequence
  | Callable
  | Host;

/** An array of the data. */
export type DataList = readonly Value[];
/** An object of the data. */
export interface DataDict {
  readonly [key: string]: Value;
}

/** A float without a fraction, an infinity or no number. */
export class Float {
  constructor(readonly value: number) {}
}

/** Text that is HTML already (markupsafe.Markup). */
export class Markup {
  constructor(readonly text: string) {}
}

/** What is not there. Printing it gives nothing; using it is a mistake that `message` names. */
export class Undefined {
  constructor(readonly message: string) {}
}

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

export class List {
  constructor(readonly items: Value[]) {}
}

/** What `groupby` gives: a pair that can also be asked for `grouper` and `list`. */
export class Group extends Tuple {
  constructor(
    readonly grouper: Value,
    readonly list: List,
  ) {
    super([grouper, list]);
  }
}

/** A mapping that keeps the order in which its keys came. */
export class Dict {
  readonly entries = new Map<string, { key: Value; value: Value }>();

  get(key: Value, budget: Budget): Value | undefined {
    return this.entries.get(hashOf(key, budget))?.value;
  }

  set(key: Value, value: Value, budget: Budget): void {
    const hash = hashOf(key, budget);
    const known = this.entries.get(hash);
    if (known === undefined) {
      budget.space(hash.length);
      this.entries.set(hash, { key, value });
    } else known.value = value;
  }

  delete(key: Value, budget: Budget): boolean {
    return this.entries.delete(hashOf(key, budget));
  }
}

/** Numbers from start to before stop. */
export class Range {
  constructor(
    readonly start: number,
    readonly stop: number,
    readonly step: number,
  ) {}

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
}

/** What has items but is no list: a generator, the keys of a mapping. */
export class Sequence {
  constructor(
    readonly kind: 'generator' | 'dict_keys' | 'dict_values' | 'dict_items' | 'iterator',
    readonly items: readonly Value[],
  ) {}
}

/** What a call is given. */
export interface Args {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: Args, budget: Budget) => Value,
    /** How it prints. */
    readonly shown = `<function ${name}>`,
    /** Attributes a template may ask for. */
    readonly attributes: Readonly<Record<string, Value>> = {},
  ) {}
}

/** An object of ours with a few attributes: a loop, a namespace, a cycler. */
export interface Host {
  readonly typeName: string;
  readonly shown: string;
  /** Undefined when there is none of that name. */
  attribute(name: string): Value | undefined;
  /** When it can be called. */
  call?(args: Args, budget: Budget): Value;
  /** When `set host.name = value` is allowed. */
  assign?(name: string, value: Value): void;
}

export const isHost = (value: Value): value is Host =>
  typeof value === 'object' && value !== null && 'typeName' in value && 'attribute' in value
    ? hosts.has(value)
    : false;

/** Which objects are ours: an object of the data may have keys of any name. */
const hosts = new WeakSet<object>();

/** Marks an object as ours. */
export function host<H extends Host>(made: H): H {
  hosts.add(made);
  return made;
}

export const isFloat = (value: Value): value is number | Float =>
  value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
export const isInt = (value: Value): value is number | bigint | boolean =>
  typeof value === 'bigint' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isInteger(value));
export const isNumber = (value: Value): value is number | bigint | boolean | Float =>
  isFloat(value) || isInt(value);

/** A float, in its one form. */
export const float = (value: number): number | Float =>
  Number.isFinite(value) && !Number.isInteger(value) ? value : new Float(value);

/** An int, in its one form. */
export const int = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

/** As a JavaScript number; a bigint loses what does not fit. */
export const toNumber = (value: number | bigint | boolean | Float): number =>
  value instanceof Float ? value.value : Number(value);

export const textOf = (value: Value): string | undefined =>
  typeof value === 'string' ? value : value instanceof Markup ? value.text : undefined;

const isDataList = (value: Value): value is DataList => Array.isArray(value);

export const isDataDict = (value: Value): value is DataDict =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) &&
  !hosts.has(value);

/** The items of a list, whoever made it. */
export const listItems = (value: Value): readonly Value[] | undefined =>
  value instanceof List ? value.items : isDataList(value) ? value : undefined;

/** The keys and values of a mapping, whoever made it. */
export function dictEntries(value: Value): [Value, Value][] | undefined {
  if (value instanceof Dict)
    return Array.from(value.entries.values(), ({ key, value: held }) => [key, held]);
  return isDataDict(value) ? Object.entries(value) : undefined;
}

/** Undefined when the mapping has no such key. */
export function dictGet(value: Dict | DataDict, key: Value, budget: Budget): Value | undefined {
  if (value instanceof Dict) return value.get(key, budget);
  const name = textOf(key);
  if (name === undefined) {
    hashOf(key, budget);
    return undefined;
  }
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (isInt(value)) return 'int';
  if (isFloat(value)) return 'float';
  if (value instanceof Markup) return 'Markup';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Dict || isDataDict(value)) return 'dict';
  if (value instanceof Range) return 'range';
  if (value instanceof Sequence) return value.kind;
  if (value instanceof Callable) return 'function';
  if (isHost(value)) return value.typeName;
  return 'list';
}

/** Equal keys have equal hashes: 1, 1.0 and True are one key, '1' is another. Throws for what cannot be a key. */
export function hashOf(key: Value, budget: Budget, depth = 0): string {
  if (depth > 50) throw new TemplateError('the key is nested too deeply');
  const text = textOf(key);
  if (text !== undefined) {
    budget.through(text.length);
    return `s${text}`;
  }
  if (isNumber(key)) return `n${key instanceof Float ? key.value : Number(key)}${bigTail(key)}`;
  if (key === null) return 'none';
  if (key instanceof Tuple) {
    budget.step(key.items.length);
    const parts = key.items.map((item) => hashOf(item, budget, depth + 1));
    budget.space(parts.reduce((sum, part) => sum + part.length, 0));
    return `t${parts.map((part) => `${part.length}:${part}`).join('')}`;
  }
  if (key instanceof Undefined) return 'undefined';
  throw new TemplateError(`unhashable type: '${typeName(key)}'`);
}

const bigTail = (key: Value) => (typeof key === 'bigint' ? key.toString(36) : '');

export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (value === null || value instanceof Undefined) return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Markup) return value.text !== '';
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.entries.size > 0;
  if (value instanceof Range) return value.length > 0;
  if (value instanceof Sequence)
    return value.kind === 'generator' || value.kind === 'iterator' || value.items.length > 0;
  if (value instanceof Callable) return true;
  const items = listItems(value);
  if (items !== undefined) return items.length > 0;
  return isDataDict(value) ? Object.keys(value).length > 0 : true;
}

/** Throws what an undefined value says, when it is one. */
export function defined<V extends Value>(value: V): Exclude<V, Undefined> {
  if (value instanceof Undefined) throw new TemplateError(value.message);
  return value as Exclude<V, Undefined>;
}
