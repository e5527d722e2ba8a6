/** Values as Python writes them: `str()` for what is put out, `repr()` for what stands within a list or a mapping. */
import type { Budget } from './budget.ts';
import { elementSize } from './budget.ts';
import { TemplateError } from './error.ts';
import {
  Callable,
  dictEntries,
  Float,
  isHost,
  isNumber,
  listItems,
  Markup,
  Range,
  Sequence,
  Tuple,
  Undefined,
  type Value,
} from './values.ts';

/** Values within values; Python gives up at about as many. */
const maxNesting = 300;

/** Digits from which Python refuses to write an int (its limit against attacks). */
const maxDigits = 4300;

export function str(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) return '';
  return repr(value, budget);
}

export function repr(value: Value, budget: Budget, nesting = 0): string {
  if (nesting > maxNesting)
    throw new TemplateError('maximum recursion depth exceeded: the value is nested too deeply');
  budget.step();
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value, budget);
  if (isNumber(value)) return numberText(value);
  if (value instanceof Markup) return `Markup(${quoted(value.text, budget)})`;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Range)
    return value.step === 1
      ? `range(${value.start}, ${value.stop})`
      : `range(${value.start}, ${value.stop}, ${value.step})`;
  if (value instanceof Callable) return value.shown;
  if (isHost(value)) return value.shown;
  return reprOfMany(value, budget, nesting + 1);
}

function reprOfMany(value: Value, budget: Budget, nesting: number): string {
  const each = (items: readonly Value[]) => {
    budget.space(items.length * elementSize);
    return items.map((item) => repr(item, budget, nesting)).join(', ');
  };
  const written = () => {
    if (value instanceof Tuple)
      return value.items.length === 1 ? `(${each(value.items)},)` : `(${each(value.items)})`;
    if (value instanceof Sequence)
      return value.kind === 'generator' || value.kind === 'iterator'
        ? `<${value.kind} object>`
        : `${value.kind}([${each(value.items)}])`;
    const items = listItems(value);
    if (items !== undefined) return `[${each(items)}]`;
    const pairs = (dictEntries(value) ?? []).map(
      ([key, held]) => `${repr(key, budget, nesting)}: ${repr(held, budget, nesting)}`,
    );
    return `{${pairs.join(', ')}}`;
  };
  const text = written();
  budget.space(text.length);
  return text;
}

export function numberText(value: number | bigint | boolean | Float): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === 'number' && !Number.isInteger(value)) return floatText(value);
  if (Number.isSafeInteger(value)) return String(value);
  const big = BigInt(value);
  if (big > tooBig || big < -tooBig)
    throw new TemplateError(
      `Exceeds the limit (${maxDigits} digits) for integer string conversion`,
    );
  return String(big);
}

const tooBig = 10n ** BigInt(maxDigits);

/** The shortest text that reads back as the same number, with an exponent where Python writes one. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
  }
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string, budget: Budget): string {
  budget.space(text.length);
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const plain = text.replace(/[\\\n\r\t]/g, (sign) => escapes[sign] ?? sign);
  const safe = quote === "'" ? plain.replaceAll("'", "\\'") : plain;
  return quote + safe.replace(unprintable, escapeSign) + quote;
}

/** Control, format, surrogate, private, unassigned and separators but the space: what str.isprintable() denies. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

function escapeSign(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
