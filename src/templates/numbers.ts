/** Numbers as text, with digits, signs and groups as Python's formats ask for them. */
import { TemplateError } from './error.ts';
import { floatText } from './printing.ts';

/** Digits after the point at most: V8 gives no more. */
const maxPrecision = 100;

export function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  if (precision > maxPrecision) throw new TemplateError('precision too big');
  // toFixed() gives up at 1e21, where a number has no fraction any more.
  if (Math.abs(value) >= 1e21) {
    const whole = BigInt(value).toString();
    return precision > 0 ? `${whole}.${'0'.repeat(precision)}` : whole;
  }
  const text = value.toFixed(precision);
  const isHalf = precision < 16 && isExactHalf(value, precision);
  return isHalf ? halfToEven(value, precision, text) : keepSign(value, text);
}

const keepSign = (value: number, text: string) =>
  Object.is(value, -0) && !text.startsWith('-') ? `-${text}` : text;

/** Whether a value lies exactly between two of that many digits: only then do the ways of rounding differ. */
function isExactHalf(value: number, precision: number): boolean {
  const digits = Math.abs(value).toFixed(Math.min(maxPrecision, precision + 60));
  const tail = digits.slice(digits.indexOf('.') + 1 + precision);
  return /^50*$/.test(tail);
}

/** Python rounds halves to the even digit, JavaScript away from zero. */
function halfToEven(value: number, precision: number, rounded: string): string {
  const exact = Math.abs(value)
    .toFixed(precision + 1)
    .slice(0, -1)
    .replace(/\.$/, '');
  const last = Number(exact.replace('.', '').at(-1));
  const text = last % 2 === 0 ? exact : rounded.replace('-', '');
  return value < 0 ? `-${text}` : text;
}

export function exponential(value: number, precision: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  if (precision > maxPrecision) throw new TemplateError('precision too big');
  const [mantissa = '', exponent = ''] = value.toExponential(precision).split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}

/** The shorter of fixed and exponential, as C's %g. */
export function general(value: number, precision: number, keepsZeros: boolean): string {
  if (!Number.isFinite(value)) return floatText(value);
  const digits = Math.max(1, precision);
  if (digits > maxPrecision) throw new TemplateError('precision too big');
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  const text =
    exponent < -4 || exponent >= digits
      ? exponential(value, digits - 1)
      : fixed(value, digits - 1 - exponent);
  if (keepsZeros) return text;
  const [mantissa = '', power] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/0+$/, '').replace(/\.$/, '') : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}

/** `1234567.5` with commas: `1,234,567.5`. */
export function grouped(text: string, separator: string, size = 3): string {
  const [, sign = '', whole = '', rest = ''] = /^([+-]?)([0-9a-zA-Z]*)(.*)$/s.exec(text) ?? [];
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= size)
    groups.unshift(whole.slice(Math.max(0, end - size), end));
  return sign + groups.join(separator) + rest;
}
