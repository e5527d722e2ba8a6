/** Python's operators, but for comparisons. */
import { type AnyInt, arithmetic, smallInts } from './arithmetic.ts';
import { type Budget, elementSize } from './budget.ts';
import { TemplateError } from './error.ts';
import { htmlEscape } from './html.ts';
import type { BinaryOperator } from './nodes.ts';
import { formatPercent } from './percent.ts';
import { str } from './printing.ts';
import {
  defined,
  float,
  int,
  isFloat,
  isInt,
  isNumber,
  List,
  listItems,
  Markup,
  textOf,
  toNumber,
  Tuple,
  typeName,
  type Value,
} from './values.ts';

/** `a <operator> b`. */
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

/** `-value` */
export function negative(value: Value): Value {
  defined(value);
  if (isFloat(value)) return float(-toNumber(value));
  if (isInt(value)) return int(-BigInt(value));
  throw new TemplateError(`bad operand type for unary -: '${typeName(value)}'`);
}

/** `+value` */
export function positive(value: Value): Value {
  defined(value);
  if (typeof value === 'boolean') return Number(value);
  if (isNumber(value)) return value;
  throw new TemplateError(`bad operand type for unary +: '${typeName(value)}'`);
}

/** `a ~ b ~ c` */
export function concat(values: readonly Value[], budget: Budget): string {
  const parts = values.map((value) => str(value, budget));
  budget.space(parts.reduce((sum, part) => sum + part.length, 0));
  return parts.join('');
}
