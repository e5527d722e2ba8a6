/** The format mini-language: `{:>8.2f}`, and the same in the older `%8.2f`. */
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import { codePoints } from './iterate.ts';
import { exponential, fixed, general, grouped } from './numbers.ts';
import { floatText, numberText } from './printing.ts';
import { firstSigns } from './text.ts';
import { isFloat, isNumber, textOf, toNumber, typeName, type Value } from './values.ts';

/** How a value is to be written. */
export interface Spec {
  fill: string;
  align: '<' | '>' | '^' | '=' | '';
  sign: '+' | '-' | ' ' | '';
  isAlternate: boolean;
  width: number;
  group: ',' | '_' | '';
  precision: number | null;
  type: string;
}

const pattern =
  /^(?:([^])?([<>=^]))?([+\- ])?(z)?(#)?(0)?(\d{1,9})?([,_])?(?:\.(\d{1,9}))?([a-zA-Z%])?$/u;

export function parseSpec(text: string): Spec {
  const found = pattern.exec(text);
  if (found === null) throw new TemplateError(`Invalid format specifier '${text}'`);
  const [, fill, align, sign, , alternate, zero, width, group, precision, type] = found;
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: (align ?? (zero === undefined ? '' : '=')) as Spec['align'],
    sign: (sign ?? '') as Spec['sign'],
    isAlternate: alternate !== undefined,
    width: Number(width ?? 0),
    group: (group ?? '') as Spec['group'],
    precision: precision === undefined ? null : Number(precision),
    type: type ?? '',
  };
}

/** What `format(value, spec)` gives. */
export function formatValue(value: Value, spec: Spec, budget: Budget): string {
  // True is written so only as long as nothing is asked for; else it is the number 1.
  if (typeof value === 'boolean' && isPlain(spec)) return value ? 'True' : 'False';
  if (isNumber(value)) return formatNumber(value, spec, budget);
  const text = textOf(value);
  if (text === undefined)
    throw new TemplateError(`unsupported format string passed to ${typeName(value)}.__format__`);
  if (spec.type !== '' && spec.type !== 's')
    throw new TemplateError(
      `Unknown format code '${spec.type}' for object of type '${typeName(value)}'`,
    );
  if (spec.align === '=')
    throw new TemplateError("'=' alignment not allowed in string format specifier");
  const cut = spec.precision === null ? text : firstSigns(text, spec.precision);
  return pad(cut, { ...spec, align: spec.align === '' ? '<' : spec.align }, budget);
}

const isPlain = ({ width, type, sign, precision, group }: Spec) =>
  width === 0 && type === '' && sign === '' && precision === null && group === '';

function formatNumber(value: Value, spec: Spec, budget: Budget): string {
  if (!isNumber(value)) throw new TemplateError('a number is needed');
  const digits =
    isFloat(value) || 'eEfFgG%'.includes(spec.type || '-')
      ? floatDigits(toNumber(value), spec)
      : intDigits(BigInt(value), spec);
  const isNegative = digits.startsWith('-');
  const size = isNegative ? digits.slice(1) : digits;
  const sign = isNegative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : '';
  const by = 'bBoOxX'.includes(spec.type || '-') ? 4 : 3;
  const prefix = /^0[box]/i.test(size) && spec.isAlternate ? size.slice(0, 2) : '';
  const plain = size.slice(prefix.length);
  const body = spec.group === '' ? plain : grouped(plain, spec.group, by);
  if (spec.align === '=') {
    const missing = spec.width - sign.length - prefix.length - body.length;
    budget.space(Math.max(0, missing));
    return sign + prefix + spec.fill.repeat(Math.max(0, missing)) + body;
  }
  return pad(
    sign + prefix + body,
    { ...spec, align: spec.align === '' ? '>' : spec.align },
    budget,
  );
}

function floatDigits(value: number, { type, precision, isAlternate }: Spec): string {
  switch (type) {
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6);
    case 'e':
      return exponential(value, precision ?? 6);
    case 'E':
      return exponential(value, precision ?? 6).toUpperCase();
    case 'g':
      return general(value, precision ?? 6, isAlternate);
    case 'G':
      return general(value, precision ?? 6, isAlternate).toUpperCase();
    case '%':
      return `${fixed(value * 100, precision ?? 6)}%`;
    case 'n':
      return general(value, precision ?? 6, isAlternate);
    case '': {
      if (precision === null) return floatText(value);
      const text = general(value, precision, isAlternate);
      return /[.en]/.test(text) ? text : `${text}.0`;
    }
    default:
      throw new TemplateError(`Unknown format code '${type}' for object of type 'float'`);
  }
}

const bases: Record<string, [number, string]> = {
  b: [2, '0b'],
  o: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
};

function intDigits(value: bigint, { type, precision, isAlternate }: Spec): string {
  if (precision !== null)
    throw new TemplateError('Precision not allowed in integer format specifier');
  if (type === '' || type === 'd' || type === 'n') return numberText(value);
  if (type === 'c') return character(value);
  const base = bases[type];
  if (base === undefined)
    throw new TemplateError(`Unknown format code '${type}' for object of type 'int'`);
  const size = (value < 0n ? -value : value).toString(base[0]);
  const digits = (isAlternate ? base[1] : '') + (type === 'X' ? size.toUpperCase() : size);
  return value < 0n ? `-${digits}` : digits;
}

export function character(code: bigint): string {
  if (code < 0n || code > 0x10ffffn) throw new TemplateError('%c arg not in range(0x110000)');
  return String.fromCodePoint(Number(code));
}

/** To a width, in characters. */
export function pad(
  text: string,
  { fill, align, width }: Pick<Spec, 'fill' | 'align' | 'width'>,
  budget: Budget,
): string {
  budget.through(text.length);
  const missing = width - codePoints(text);
  if (missing <= 0) return text;
  budget.space(missing + text.length);
  if (align === '<') return text + fill.repeat(missing);
  if (align === '>') return fill.repeat(missing) + text;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}
