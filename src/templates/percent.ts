/** `pattern % values`, as Python has it. */
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import { escapeValue } from './html.ts';
import { codePoints } from './iterate.ts';
import { repr, str } from './printing.ts';
import { character, formatValue, pad, type Spec } from './spec.ts';
import { firstSigns } from './text.ts';
import {
  Dict,
  dictGet,
  float,
  int,
  isDataDict,
  isFloat,
  isInt,
  isNumber,
  listItems,
  textOf,
  toNumber,
  Tuple,
  typeName,
  type Value,
} from './values.ts';

const directive = /%(?:\(([^()]*)\))?([#0\- +]*)(\*|\d{1,9})?(?:\.(\*|\d{0,9}))?[hlL]?([^])?/gu;

/** @param isMarkup whether what is put in is escaped */
export function formatPercent(
  pattern: string,
  values: Value,
  budget: Budget,
  isMarkup = false,
): string {
  const given = values instanceof Tuple ? values.items : [values];
  const mapping = values instanceof Dict || isDataDict(values) ? values : undefined;
  let used = 0;
  let usesMapping = false;
  const next = (): Value => {
    const value = given[used++];
    if (value === undefined) throw new TemplateError('not enough arguments for format string');
    return value;
  };
  const fill = ([, key, flags = '', width, precision, type]: RegExpExecArray): string => {
    if (type === undefined) throw new TemplateError('incomplete format');
    if (type === '%') return '%';
    const number = (text: string | undefined) =>
      text === '*' ? starOf(next()) : Number(text ?? 0);
    const columns = number(width);
    const digits = precision === undefined ? null : number(precision);
    let value: Value;
    if (key === undefined) value = next();
    else {
      if (mapping === undefined) throw new TemplateError('format requires a mapping');
      const found = dictGet(mapping, key, budget);
      if (found === undefined) throw new TemplateError(repr(key, budget));
      usesMapping = true;
      value = found;
    }
    const text = formatOne(value, type, flags, columns, digits, budget, isMarkup);
    budget.space(text.length);
    return text;
  };
  budget.space(pattern.length);
  let formatted = '';
  let end = 0;
  // Not by replace(), which finds all directives before it asks for what takes the place of the first.
  for (const found of pattern.matchAll(directive)) {
    budget.step();
    formatted += pattern.slice(end, found.index) + fill(found);
    end = found.index + found[0].length;
  }
  formatted += pattern.slice(end);
  // Python takes whatever has items by key or place for a mapping, of which not all need be used.
  const isOpen = mapping !== undefined || listItems(values) !== undefined;
  if (used < given.length && !usesMapping && !isOpen)
    throw new TemplateError('not all arguments converted during string formatting');
  return formatted;
}

function starOf(value: Value): number {
  if (!isInt(value)) throw new TemplateError('* wants int');
  return Number(value);
}

function formatOne(
  value: Value,
  type: string,
  flags: string,
  width: number,
  precision: number | null,
  budget: Budget,
  isMarkup: boolean,
): string {
  const isLeft = flags.includes('-') || width < 0;
  const spec: Spec = {
    fill: flags.includes('0') && !isLeft ? '0' : ' ',
    align: isLeft ? '<' : flags.includes('0') ? '=' : '>',
    sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
    isAlternate: flags.includes('#'),
    width: Math.abs(width),
    group: '',
    precision,
    type,
  };
  if (type === 's' || type === 'r' || type === 'a') {
    const plain = type === 's' ? str(value, budget) : repr(value, budget);
    const text = isMarkup && type === 's' ? escapeValue(value, budget).text : plain;
    const cut = precision === null ? text : firstSigns(text, precision);
    return pad(cut, { ...spec, fill: ' ', align: isLeft ? '<' : '>' }, budget);
  }
  if (type === 'c')
    return pad(characterOf(value), { ...spec, fill: ' ', align: isLeft ? '<' : '>' }, budget);
  if ('diuoxX'.includes(type)) return formatValue(wholeOf(value, type), intSpec(spec), budget);
  if ('eEfFgG'.includes(type)) {
    if (!isNumber(value)) throw new TemplateError(`must be real number, not ${typeName(value)}`);
    return formatValue(float(toNumber(value)), spec, budget);
  }
  throw new TemplateError(`unsupported format character '${type}'`);
}

/** A precision of an int is a number of digits, which `format()` does not know. */
const intSpec = (spec: Spec): Spec => ({
  ...spec,
  type: spec.type === 'i' || spec.type === 'u' ? 'd' : spec.type,
  ...(spec.precision === null
    ? {}
    : {
        precision: null,
        width: Math.max(spec.width, spec.precision),
        fill: '0',
        align: '=' as const,
      }),
});

function wholeOf(value: Value, type: string): Value {
  if (isInt(value)) return typeof value === 'boolean' ? Number(value) : value;
  if (isFloat(value) && !'oxX'.includes(type)) {
    const number = toNumber(value);
    if (!Number.isFinite(number)) throw new TemplateError('cannot convert float to integer');
    return int(BigInt(Math.trunc(number)));
  }
  throw new TemplateError(
    'oxX'.includes(type)
      ? `%${type} format: an integer is required, not ${typeName(value)}`
      : `%${type} format: a real number is required, not ${typeName(value)}`,
  );
}

function characterOf(value: Value): string {
  const text = textOf(value);
  if (text !== undefined && codePoints(text.slice(0, 3)) === 1) return text;
  if (isInt(value)) return character(BigInt(value));
  throw new TemplateError('%c requires int or char');
}
