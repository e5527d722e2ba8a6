/** What a parameter of Python's takes: an int, text, a truth. */
import { TemplateError } from './error.ts';
import { defined, isInt, isTrue, textOf, typeName, type Value } from './values.ts';

/** Undefined when nothing was given. Ints as large as no text is long are cut to the largest exact number. */
export function intArg(value: Value | undefined): number | undefined {
  if (value === undefined) return undefined;
  defined(value);
  if (!isInt(value))
    throw new TemplateError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  const number = Number(value);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}

export function textArg(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  defined(value);
  const text = textOf(value);
  if (text === undefined) throw new TemplateError(`expected str, not ${typeName(value)}`);
  return text;
}

export const truthArg = (value: Value | undefined, otherwise: boolean): boolean =>
  value === undefined ? otherwise : isTrue(value);
