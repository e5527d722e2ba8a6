/** Python's operators. */
import { type Budget, elementSize } from './budget.ts';
import { TemplateError } from './error.ts';
import { formatPercent } from './percent.ts';
import { str } from './printing.ts';
import type { BinaryOperator, Comparison } from './nodes.ts';
import { iterate } from './iterate.ts';
import { htmlEscape } from './html.ts';
import {
  defined,
  Dict,
  dictEntries,
  dictGet,
  Float,
  float,
  int,
  isDataDict,
  isFloat,
  isInt,
  isNumber,
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

type AnyInt = number | bigint | boolean;

/** Bits an int may have; more take longer than a template may. */
const maxBits = 40_000;

export function binary(operator: BinaryOperator, a: Value, b: Value, budget: Budget): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = smallInts(operator, a, b);
    if (quick !== undefined) return quick;
  }
  defined(a);
  defined(b);
  if (isNumber(a) && isNumber(b)) return arithmetic(operator, a, b, budget);
  if (operator === '+') return add(a, b, budget);
  if (operator === '*') {
    if (isInt(b)) return repeat(a, b, budget) ?? unsupported(operator, a, b);
    if (isInt(a)) return repeat(b, a, budget) ?? unsupported(operator, a, b);
  }
  const pattern = textOf(a);
  if (operator === '%' && pattern !== undefined) {
    const text = formatPercent(pattern, b, budget, a instanceof Markup);
    return a instanceof Markup ? new Markup(text) : text;
  }
  return unsupported(operator, a, b);
}

function unsupported(operator: BinaryOperator, a: Value, b: Value): never {
  const sign = operator === '**' ? '** or pow()' : operator;
  throw new TemplateError(
    `unsupported operand type(s) for ${sign}: '${typeName(a)}' and '${typeName(b)}'`,
  );
}

/** What needs neither floats nor bigints. */
function smallInts(operator: BinaryOperator, a: number, b: number): number | undefined {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return undefined;
  const result =
    operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : undefined;
  return result !== undefined && Number.isSafeInteger(result) ? result + 0 : undefined;
}

function arithmetic(
  operator: BinaryOperator,
  a: AnyInt | Float,
  b: AnyInt | Float,
  budget: Budget,
): Value {
  if (operator === '/') return divide(toNumber(a), toNumber(b), 'division by zero');
  return isFloat(a) || isFloat(b)
    ? floats(operator, toNumber(a), toNumber(b))
    : ints(operator, BigInt(a), BigInt(b), budget);
}

function divide(a: number, b: number, message: string): Value {
  if (b === 0) throw new TemplateError(message);
  return float(a / b);
}

function floats(operator: Exclude<BinaryOperator, '/'>, a: number, b: number): Value {
  switch (operator) {
    case '+':
      return float(a + b);
    case '-':
      return float(a - b);
    case '*':
      return float(a * b);
    case '//':
      if (b === 0) throw new TemplateError('float floor division by zero');
      return float(Math.floor(a / b));
    case '%':
      if (b === 0) throw new TemplateError('float modulo');
      return float(floorMod(a, b));
    case '**':
      return floatPower(a, b);
  }
}

function floatPower(a: number, b: number): Value {
  if (a === 0 && b < 0) throw new TemplateError('0.0 cannot be raised to a negative power');
  const result = a ** b;
  if (Number.isNaN(result) && !Number.isNaN(a) && !Number.isNaN(b))
    throw new TemplateError('a negative number has no real root of that kind');
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b))
    throw new TemplateError("(34, 'Numerical result out of range')");
  return float(result);
}

const floorMod = (a: number, b: number): number => {
  const rest = a % b;
  if (rest !== 0 && rest < 0 !== b < 0) return rest + b;
  return rest === 0 ? 0 * Math.sign(b) : rest;
};

function ints(operator: Exclude<BinaryOperator, '/'>, a: bigint, b: bigint, budget: Budget): Value {
  switch (operator) {
    case '+':
      return int(checked(a + b, budget));
    case '-':
      return int(checked(a - b, budget));
    case '*':
      checkBits(bitsOf(a) + bitsOf(b));
      return int(checked(a * b, budget));
    case '//':
      if (b === 0n) throw new TemplateError('integer division or modulo by zero');
      return int(floorDivide(a, b));
    case '%':
      if (b === 0n) throw new TemplateError('integer modulo by zero');
      return int(a - floorDivide(a, b) * b);
    case '**':
      return intPower(a, b, budget);
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function intPower(a: bigint, b: bigint, budget: Budget): Value {
  if (b < 0n) return floatPower(Number(a), Number(b));
  checkBits(bitsOf(a) * Number(b));
  return int(checked(a ** b, budget));
}

const bitsOf = (value: bigint): number => {
  const size = value < 0n ? -value : value;
  return size <= 1n ? 1 : size.toString(16).length * 4;
};

function checkBits(bits: number): void {
  if (bits > maxBits) throw new TemplateError(`the number has more than ${maxBits} bits`);
}

function checked(value: bigint, budget: Budget): bigint {
  if (value > largeInt || value < -largeInt) {
    const bits = bitsOf(value);
    checkBits(bits);
    budget.space(bits / 16);
  }
  return value;
}

const largeInt = 2n ** 64n;

function add(a: Value, b: Value, budget: Budget): Value {
  const [left, right] = [textOf(a), textOf(b)];
  if (left !== undefined && right !== undefined) {
    const isMarkup = a instanceof Markup || b instanceof Markup;
    const from = isMarkup && !(a instanceof Markup) ? htmlEscape(left) : left;
    const to = isMarkup && !(b instanceof Markup) ? htmlEscape(right) : right;
    budget.space(from.length + to.length);
    return isMarkup ? new Markup(from + to) : from + to;
  }
  const [first, second] = [listItems(a), listItems(b)];
  if (first !== undefined && second !== undefined) {
    budget.space((first.length + second.length) * elementSize);
    return new List([...first, ...second]);
  }
  if (a instanceof Tuple && b instanceof Tuple) {
    budget.space((a.items.length + b.items.length) * elementSize);
    return new Tuple([...a.items, ...b.items]);
  }
  if (left !== undefined)
    throw new TemplateError(`can only concatenate str (not "${typeName(b)}") to str`);
  if (first !== undefined)
    throw new TemplateError(`can only concatenate list (not "${typeName(b)}") to list`);
  return unsupported('+', a, b);
}

/** Undefined when the value is no sequence. */
function repeat(value: Value, times: AnyInt, budget: Budget): Value | undefined {
  const count = Math.max(0, Number(times));
  const text = textOf(value);
  if (text !== undefined) {
    budget.space(text.length * count);
    const repeated = text === '' ? '' : text.repeat(count);
    return value instanceof Markup ? new Markup(repeated) : repeated;
  }
  const items = value instanceof Tuple ? value.items : listItems(value);
  if (items === undefined) return undefined;
  budget.space(items.length * count * elementSize);
  budget.step(items.length === 0 ? 0 : Math.ceil((items.length * count) / 8));
  const all: Value[] = [];
  if (items.length > 0) for (let n = 0; n < count; n++) all.push(...items);
  return value instanceof Tuple ? new Tuple(all) : new List(all);
}

export function negative(value: Value): Value {
  defined(value);
  if (isFloat(value)) return float(-toNumber(value));
  if (isInt(value)) return int(-BigInt(value));
  throw new TemplateError(`bad operand type for unary -: '${typeName(value)}'`);
}

export function positive(value: Value): Value {
  defined(value);
  if (typeof value === 'boolean') return Number(value);
  if (isNumber(value)) return value;
  throw new TemplateError(`bad operand type for unary +: '${typeName(value)}'`);
}

export function compare(operator: Comparison, a: Value, b: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return isEqual(a, b, budget);
    case '!=':
      return !isEqual(a, b, budget);
    case 'in':
      return isIn(a, b, budget);
    case 'not in':
      return !isIn(a, b, budget);
    default:
      return isOrdered(operator, order(a, b, budget, operator));
  }
}

const isOrdered = (operator: '<' | '<=' | '>' | '>=', difference: number): boolean =>
  operator === '<'
    ? difference < 0
    : operator === '<='
      ? difference <= 0
      : operator === '>'
        ? difference > 0
        : difference >= 0;

const maxNesting = 200;

export function isEqual(a: Value, b: Value, budget: Budget, nesting = 0): boolean {
  budget.step();
  if (nesting > maxNesting)
    throw new TemplateError('maximum recursion depth exceeded in comparison');
  if (a === b) return true;
  if (isNumber(a) && isNumber(b))
    return isFloat(a) || isFloat(b) ? toNumber(a) === toNumber(b) : BigInt(a) === BigInt(b);
  const [left, right] = [textOf(a), textOf(b)];
  if (left !== undefined || right !== undefined) return left === right;
  if (a instanceof Undefined) return b instanceof Undefined;
  if (a instanceof Tuple || b instanceof Tuple)
    return a instanceof Tuple && b instanceof Tuple && areEqual(a.items, b.items, budget, nesting);
  const [first, second] = [listItems(a), listItems(b)];
  if (first !== undefined && second !== undefined) return areEqual(first, second, budget, nesting);
  if ((a instanceof Dict || isDataDict(a)) && (b instanceof Dict || isDataDict(b)))
    return areEqualDicts(a, b, budget, nesting);
  if (a instanceof Range && b instanceof Range)
    return (
      a.length === b.length &&
      (a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step)))
    );
  return false;
}

const areEqual = (
  a: readonly Value[],
  b: readonly Value[],
  budget: Budget,
  nesting: number,
): boolean =>
  a.length === b.length &&
  a.every((item, place) => isEqual(item, b[place] ?? null, budget, nesting + 1));

function areEqualDicts(
  a: Parameters<typeof dictGet>[0],
  b: Parameters<typeof dictGet>[0],
  budget: Budget,
  nesting: number,
): boolean {
  const [entries, others] = [dictEntries(a) ?? [], dictEntries(b) ?? []];
  return (
    entries.length === others.length &&
    entries.every(([key, value]) => {
      const other = dictGet(b, key);
      return other !== undefined && isEqual(value, other, budget, nesting + 1);
    })
  );
}

export function isIn(item: Value, container: Value, budget: Budget): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(item);
    if (part === undefined)
      throw new TemplateError(
        `'in <string>' requires string as left operand, not ${typeName(item)}`,
      );
    budget.step(1 + Math.ceil(text.length / 256));
    return text.includes(part);
  }
  if (container instanceof Dict || isDataDict(container))
    return dictGet(container, item) !== undefined;
  if (container instanceof Range && isInt(item)) {
    const place = (Number(item) - container.start) / container.step;
    return Number.isInteger(place) && place >= 0 && place < container.length;
  }
  const items =
    container instanceof Undefined
      ? []
      : iterate(container, budget, (type) => `argument of type '${type}' is not iterable`);
  return items.some((candidate) => isEqual(candidate, item, budget));
}

/** Below, equal to or above zero. Throws for what has no order. */
export function order(
  a: Value,
  b: Value,
  budget: Budget,
  operator: Comparison = '<',
  nesting = 0,
): number {
  budget.step();
  if (nesting > maxNesting)
    throw new TemplateError('maximum recursion depth exceeded in comparison');
  defined(a);
  defined(b);
  if (isNumber(a) && isNumber(b)) return orderNumbers(a, b);
  const [left, right] = [textOf(a), textOf(b)];
  if (left !== undefined && right !== undefined) return orderTexts(left, right);
  const items = (value: Value) => (value instanceof Tuple ? value.items : listItems(value));
  const [first, second] = [items(a), items(b)];
  const areAlike = a instanceof Tuple === b instanceof Tuple;
  if (first !== undefined && second !== undefined && areAlike) {
    const end = Math.min(first.length, second.length);
    for (let place = 0; place < end; place++) {
      const [x, y] = [first[place] ?? null, second[place] ?? null];
      if (!isEqual(x, y, budget, nesting + 1)) return order(x, y, budget, operator, nesting + 1);
    }
    return first.length - second.length;
  }
  throw new TemplateError(
    `'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function orderNumbers(a: AnyInt | Float, b: AnyInt | Float): number {
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    const [x, y] = [a instanceof Float ? a.value : a, b instanceof Float ? b.value : b];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return toNumber(a) - toNumber(b);
}

/** By code point, as Python orders text. */
export function orderTexts(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let place = 0; place < end; place++) {
    const [x, y] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (x === y) continue;
    // Halves of characters beyond the basic plane come after all others.
    const isHalf = (code: number) => code >= 0xd800 && code <= 0xdfff;
    if (isHalf(x) !== isHalf(y)) return isHalf(x) ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

export function concat(values: readonly Value[], budget: Budget): string {
  const parts = values.map((value) => str(value, budget));
  budget.space(parts.reduce((sum, part) => sum + part.length, 0));
  return parts.join('');
}
