/**
 * `a.b` and `a['b']`, as Jinja2's sandbox finds them: attributes are the methods and values named here,
 * items are the own keys of mappings and the places of sequences. There is nothing else to be reached.
 */
import type { Budget } from './budget.ts';
import { collectionMethods, dictMethods } from './collection-methods.ts';
import { TemplateError } from './error.ts';
import { bind, noArgs } from './call.ts';
import { formatText } from './format.ts';
import { escapeValue } from './html.ts';
import { codePoints, lengthOf } from './iterate.ts';
import { repr } from './printing.ts';
import { type TextMethod, textMethods } from './text-methods.ts';
import {
  type Args,
  Callable,
  defined,
  Dict,
  dictEntries,
  dictGet,
  float,
  Group,
  isDataDict,
  isFloat,
  isHost,
  isInt,
  List,
  listItems,
  Markup,
  Range,
  textOf,
  toNumber,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** `value.name`: an attribute, or else an item. */
export function getAttribute(value: Value, name: string, budget: Budget): Value {
  defined(value);
  const found = attributeOf(value, name);
  if (found !== undefined) return found;
  const item = itemOf(value, name, budget);
  return item === undefined ? missing(value, name, budget) : item;
}

/** `value[key]`: an item, or else an attribute. */
export function getItem(value: Value, key: Value, budget: Budget): Value {
  defined(value);
  const found = itemOf(value, key, budget);
  if (found !== undefined) return found;
  const name = textOf(key);
  const attribute = name === undefined ? undefined : attributeOf(value, name);
  return attribute === undefined ? missing(value, key, budget) : attribute;
}

function missing(value: Value, key: Value, budget: Budget): Undefined {
  if (key instanceof Undefined) return new Undefined(key.message);
  const name = textOf(key);
  const type = value === null ? 'None' : `${describe(value)} object`;
  if (name?.startsWith('_') === true)
    return new Undefined(
      `access to attribute ${repr(name, budget)} of ${repr(typeName(value), budget)} object is unsafe.`,
    );
  return new Undefined(
    name === undefined
      ? `${type} has no element ${repr(key, budget)}`
      : `${repr(type, budget)} has no attribute ${repr(name, budget)}`,
  );
}

function describe(value: Value): string {
  const name = typeName(value);
  return isHost(value) ? `jinja2.${name}` : value instanceof Markup ? 'markupsafe.Markup' : name;
}

function attributeOf(value: Value, name: string): Value | undefined {
  if (name.startsWith('_')) return undefined;
  const text = textOf(value);
  if (text !== undefined) return textMethod(value, text, name);
  if (value instanceof Dict || isDataDict(value)) return bound(dictMethods, value, name);
  if (isHost(value)) return value.attribute(name);
  if (value instanceof Group && (name === 'grouper' || name === 'list')) return value[name];
  if (value instanceof Callable)
    return Object.hasOwn(value.attributes, name) ? value.attributes[name] : undefined;
  if (listItems(value) !== undefined || value instanceof Tuple || value instanceof Range)
    return bound(collectionMethods(value), value, name) ?? rangeValue(value, name);
  return numberAttribute(value, name);
}

const rangeValue = (value: Value, name: string): Value | undefined =>
  value instanceof Range && (name === 'start' || name === 'stop' || name === 'step')
    ? value[name]
    : undefined;

type Methods = ReadonlyMap<string, (value: Value, args: Args, budget: Budget) => Value>;

function bound(methods: Methods, value: Value, name: string): Callable | undefined {
  const method = methods.get(name);
  return method === undefined
    ? undefined
    : new Callable(
        name,
        (args, budget) => method(value, args, budget),
        `<built-in method ${name} of ${typeName(value)} object>`,
      );
}

const lookUp = { attribute: getAttribute, item: getItem };

/** Those methods of text that look into values. */
const formatMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['format', (text, args, budget) => formatText(text, args, budget, lookUp)],
  [
    'format_map',
    (text, args, budget) => {
      const [mapping] = bind('format_map', args, ['mapping']);
      return formatText(text, noArgs, budget, lookUp, mapping);
    },
  ],
]);

/** A method of markup gives markup, and escapes what it is given. */
function textMethod(value: Value, text: string, name: string): Callable | undefined {
  const method = textMethods.get(name) ?? formatMethods.get(name);
  if (method === undefined) return undefined;
  const shown = `<built-in method ${name} of ${typeName(value)} object>`;
  if (!(value instanceof Markup))
    return new Callable(name, (args, budget) => method(text, args, budget), shown);
  return new Callable(
    name,
    (args, budget) => {
      const safe = (arg: Value) => (typeof arg === 'string' ? escapeValue(arg, budget).text : arg);
      const given = {
        positional: args.positional.map(safe),
        named: new Map(Array.from(args.named, ([key, arg]) => [key, safe(arg)] as const)),
      };
      const result = method(text, given, budget);
      return typeof result === 'string' ? new Markup(result) : result;
    },
    shown,
  );
}

function numberAttribute(value: Value, name: string): Value | undefined {
  const method = (work: () => Value) =>
    new Callable(name, work, `<built-in method ${name} of ${typeName(value)} object>`);
  if (isFloat(value)) {
    const number = toNumber(value);
    if (name === 'is_integer') return method(() => Number.isInteger(number));
    if (name === 'real') return value;
    if (name === 'imag') return float(0);
    if (name === 'conjugate') return method(() => value);
  } else if (isInt(value)) {
    const whole = typeof value === 'boolean' ? Number(value) : value;
    if (name === 'real' || name === 'numerator') return whole;
    if (name === 'imag') return 0;
    if (name === 'denominator') return 1;
    if (name === 'conjugate') return method(() => whole);
    if (name === 'bit_length')
      return method(() => {
        const size = BigInt(whole) < 0n ? -BigInt(whole) : BigInt(whole);
        return size === 0n ? 0 : size.toString(2).length;
      });
  }
  return undefined;
}

/** Undefined when there is none. */
function itemOf(value: Value, key: Value, budget: Budget): Value | undefined {
  if (value instanceof Dict || isDataDict(value)) {
    try {
      return dictGet(value, key, budget);
    } catch (error) {
      // Python cannot look for what is no key; for Jinja2 that is like not finding it.
      if (error instanceof TemplateError) return undefined;
      throw error;
    }
  }
  if (!isInt(key)) return undefined;
  const place = Number(key);
  if (value instanceof Range) {
    const at = place < 0 ? place + value.length : place;
    return at >= 0 && at < value.length ? value.start + at * value.step : undefined;
  }
  const text = textOf(value);
  if (text !== undefined) return characterAt(value, text, place, budget);
  const items = value instanceof Tuple ? value.items : listItems(value);
  return items?.[place < 0 ? place + items.length : place];
}

function characterAt(value: Value, text: string, place: number, budget: Budget): Value | undefined {
  budget.step(1 + Math.ceil(text.length / 512));
  const at = place < 0 ? place + codePoints(text) : place;
  if (at < 0) return undefined;
  let character: string | undefined;
  let count = 0;
  for (const sign of text) {
    if (count++ !== at) continue;
    character = sign;
    break;
  }
  return character !== undefined && value instanceof Markup ? new Markup(character) : character;
}

/** `value[start:stop:step]` */
export function slice(
  value: Value,
  parts: { start: Value; stop: Value; step: Value },
  budget: Budget,
): Value {
  defined(value);
  const text = textOf(value);
  const items =
    text !== undefined ? Array.from(text) : value instanceof Tuple ? value.items : listItems(value);
  if (items === undefined && !(value instanceof Range)) throw notSliceable(value);
  const length = value instanceof Range ? value.length : lengthOf(value, budget);
  budget.space((text?.length ?? 0) + length * 2);
  const places = slicePlaces(parts, length);
  if (value instanceof Range) {
    const { start, step } = value;
    const first = places[0] ?? 0;
    const by = (places[1] ?? first + 1) - first;
    return new Range(start + first * step, start + (first + places.length * by) * step, step * by);
  }
  const chosen = places.map((place) => items?.[place] ?? null);
  if (text !== undefined) {
    const cut = chosen.filter((sign) => typeof sign === 'string').join('');
    return value instanceof Markup ? new Markup(cut) : cut;
  }
  return value instanceof Tuple ? new Tuple(chosen) : new List(chosen);
}

const notSliceable = (value: Value) =>
  new TemplateError(
    dictEntries(value) === undefined
      ? `'${typeName(value)}' object is not subscriptable`
      : "unhashable type: 'slice'",
  );

function slicePlaces(
  { start, stop, step }: { start: Value; stop: Value; step: Value },
  length: number,
): number[] {
  const by = step === null ? 1 : sliceIndex(step);
  if (by === 0) throw new TemplateError('slice step cannot be zero');
  const clamp = (value: Value, otherwise: number) => {
    if (value === null) return otherwise;
    const place = sliceIndex(value);
    const at = place < 0 ? place + length : place;
    return by > 0 ? Math.max(0, Math.min(length, at)) : Math.max(-1, Math.min(length - 1, at));
  };
  const from = clamp(start, by > 0 ? 0 : length - 1);
  const to = clamp(stop, by > 0 ? length : -1);
  const places: number[] = [];
  for (let place = from; by > 0 ? place < to : place > to; place += by) places.push(place);
  return places;
}

function sliceIndex(value: Value): number {
  defined(value);
  if (!isInt(value))
    throw new TemplateError('slice indices must be integers or None or have an __index__ method');
  return Number(value);
}
