/** Filters of numbers. */
import type { Budget } from './budget.ts';
import { bind, noArgs } from './call.ts';
import { intArg, textArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import type { Filter } from './filter.ts';
import { fixed } from './numbers.ts';
import { negative } from './operators.ts';
import {
  defined,
  Float,
  float,
  int,
  isFloat,
  isInt,
  isNumber,
  textOf,
  toNumber,
  typeName,
  type Value,
} from './values.ts';

const abs: Filter = (value, args) => {
  bind('abs', args, []);
  defined(value);
  if (!isNumber(value)) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
  if (typeof value === 'boolean') return Number(value);
  return toNumber(value) < 0 || Object.is(toNumber(value), -0) ? negative(value) : value;
};

/** Text that may be a number, as Python reads it: without white space around, and underscores between digits. */
function numeral(value: Value, budget: Budget): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  budget.through(text.length);
  const trimmed = text.trim();
  if (!trimmed.includes('_')) return trimmed;
  budget.apart(trimmed.length);
  budget.space(trimmed.length);
  return trimmed.replace(/(?<=\d)_(?=\d)/g, '');
}

/** Read in one way only: digits that two parts could take would be tried in every division among them. */
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

const toFloat: Filter = (value, args, { budget }) => {
  const [otherwise = new Float(0)] = bind('float', args, ['default?']);
  defined(value);
  if (isNumber(value)) return float(toNumber(value));
  const text = numeral(value, budget);
  if (text === undefined) return otherwise;
  const special = /^([+-])?(?:(inf(?:inity)?)|nan)$/i.exec(text);
  if (special !== null)
    return float(special[2] === undefined ? NaN : special[1] === '-' ? -Infinity : Infinity);
  return decimal.test(text) ? float(Number(text)) : otherwise;
};

const digits: Record<number, RegExp> = {
  2: /^(?:0b)?([01]+)$/i,
  8: /^(?:0o)?([0-7]+)$/i,
  16: /^(?:0x)?([\da-f]+)$/i,
};
const prefixes: Record<number, string> = { 2: '0b', 8: '0o', 16: '0x' };

const toInt: Filter = (value, args, { budget }) => {
  const [otherwise = 0, base] = bind('int', args, ['default?', 'base?']);
  defined(value);
  if (isInt(value)) return typeof value === 'boolean' ? Number(value) : value;
  if (isFloat(value)) return truncated(toNumber(value)) ?? otherwise;
  const text = numeral(value, budget);
  if (text === undefined) return otherwise;
  if (text.length > 4300) return otherwise;
  const by = intArg(base) ?? 10;
  const sign = text.startsWith('-') ? -1n : 1n;
  const size = text.replace(/^[+-]/, '');
  if (by !== 10) {
    const found = digits[by]?.exec(size)?.[1] ?? oddDigits(size, by);
    if (found !== undefined)
      return int(
        sign *
          (by in prefixes ? BigInt((prefixes[by] ?? '') + found) : BigInt(parseInt(found, by))),
      );
  } else if (/^\d+$/.test(size)) return int(sign * BigInt(size));
  return decimal.test(text) ? (truncated(Number(text)) ?? otherwise) : otherwise;
};

function oddDigits(text: string, base: number): string | undefined {
  if (base < 2 || base > 36) return undefined;
  const isRight = Array.from(text).every((sign) => parseInt(sign, 36) < base);
  return isRight && text !== '' ? text : undefined;
}

const truncated = (value: number): Value | undefined =>
  Number.isFinite(value) ? int(BigInt(Math.trunc(value))) : undefined;

const round: Filter = (value, args) => {
  const [digitsGiven, method] = bind('round', args, ['precision?', 'method?']);
  defined(value);
  const precision = intArg(digitsGiven) ?? 0;
  const way = textArg(method) ?? 'common';
  if (!['common', 'ceil', 'floor'].includes(way))
    throw new TemplateError('method must be common, ceil or floor');
  if (!isNumber(value))
    throw new TemplateError(`type ${typeName(value)} doesn't define __round__ method`);
  if (precision > 100 || precision < -400) throw new TemplateError('precision too big');
  if (way === 'common') {
    if (!isFloat(value))
      return precision >= 0
        ? typeof value === 'boolean'
          ? Number(value)
          : value
        : int(roundedInt(BigInt(value), -precision));
    if (precision >= 0) return float(Number(fixed(toNumber(value), precision)));
    const scale = 10 ** -precision;
    return float(Number(fixed(toNumber(value) / scale, 0)) * scale);
  }
  const scale = 10 ** precision;
  const scaled = toNumber(value) * scale;
  return float((way === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
};

/** Halves go to the even neighbour. */
function roundedInt(value: bigint, places: number): bigint {
  const unit = 10n ** BigInt(places);
  const rest = ((value % unit) + unit) % unit;
  const floor = value - rest;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (floor / unit) % 2n !== 0n);
  return isUp ? floor + unit : floor;
}

const filesizeformat: Filter = (value, args, context) => {
  const [binary] = bind('filesizeformat', args, ['binary?']);
  const isBinary = truthArg(binary, false);
  const base = isBinary ? 1024 : 1000;
  const size = toFloat(value, noArgs, context);
  const bytes = isNumber(size) ? toNumber(size) : 0;
  if (!isNumber(value) && textOf(value) === undefined)
    throw new TemplateError(
      `float() argument must be a string or a real number, not '${typeName(value)}'`,
    );
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const units = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
  for (const [place, letter] of units.entries()) {
    const unit = base ** (place + 2);
    if (bytes < unit || place === units.length - 1)
      return `${fixed((base * bytes) / unit, 1)} ${isBinary ? `${letter === 'k' ? 'K' : letter}iB` : `${letter}B`}`;
  }
  return '';
};

export const numberFilters: [string, Filter][] = [
  ['abs', abs],
  ['float', toFloat],
  ['int', toInt],
  ['round', round],
  ['filesizeformat', filesizeformat],
];
