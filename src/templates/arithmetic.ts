/** Python's arithmetic: ints of any size, within a bound, and floats. */
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import type { BinaryOperator } from './nodes.ts';
import { Float, float, int, isFloat, toNumber, type Value } from './values.ts';

/** An int as values have it: a bool is one. */
export type AnyInt = number | bigint | boolean;

/** Bits an int may have; more take longer than a template may. */
const maxBits = 40_000;

/** What needs neither floats nor bigints; undefined for all else. */
export function smallInts(operator: BinaryOperator, a: number, b: number): number | undefined {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return undefined;
  const result =
    operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : undefined;
  return result !== undefined && Number.isSafeInteger(result) ? result + 0 : undefined;
}

/** An operator between two numbers. */
export function arithmetic(
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
