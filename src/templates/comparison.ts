/** Python's comparisons: what is equal, what comes first, what is in what. */
import type { AnyInt } from './arithmetic.ts';
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import { iterate } from './iterate.ts';
import type { Comparison } from './nodes.ts';
import {
  defined,
  Dict,
  dictEntries,
  dictGet,
  Float,
  isDataDict,
  isFloat,
  isInt,
  isNumber,
  listItems,
  Range,
  textOf,
  toNumber,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** `a <operator> b` */
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

/** Whether Python says `a == b`. */
export function isEqual(a: Value, b: Value, budget: Budget, nesting = 0): boolean {
  budget.step();
  if (nesting > maxNesting)
    throw new TemplateError('maximum recursion depth exceeded in comparison');
  if (a === b) return true;
  if (isNumber(a) && isNumber(b))
    return isFloat(a) || isFloat(b) ? toNumber(a) === toNumber(b) : BigInt(a) === BigInt(b);
  const [left, right] = [textOf(a), textOf(b)];
  if (left !== undefined || right !== undefined) {
    if (left?.length === right?.length) budget.through(left?.length ?? 0);
    return left === right;
  }
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
      const other = dictGet(b, key, budget);
      return other !== undefined && isEqual(value, other, budget, nesting + 1);
    })
  );
}

/** Whether Python says `item in container`. */
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
    return dictGet(container, item, budget) !== undefined;
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
  if (left !== undefined && right !== undefined) {
    budget.through(Math.min(left.length, right.length));
    return orderTexts(left, right);
  }
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
