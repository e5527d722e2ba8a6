/** Words of our own that any schema may use, a plugin's too. */
import type { FuncKeywordDefinition, SchemaValidateFunction } from 'ajv';
import { mistakeInHeaderName } from './plugin-api/request.ts';
import { compileCondition } from './templates/condition.ts';
import { compileTemplate, TemplateError } from './templates/template.ts';

/** `dropNulls: true` on an object: properties that are null count as not given, and are taken away. */
export const dropNulls: FuncKeywordDefinition = {
  keyword: 'dropNulls',
  // Words without a type come first: here before those for objects, and before defaults are filled in.
  before: 'const',
  schemaType: 'boolean',
  modifying: true,
  errors: false,
  validate: (isWanted: boolean, value: unknown) => {
    if (!isWanted || typeof value !== 'object' || value === null || Array.isArray(value))
      return true;
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object))
      if (object[key] === null) Reflect.deleteProperty(object, key);
    return true;
  },
};

/** `lowercase: true` on a string: it is kept in lower case, and `enum` and `pattern` see it so. */
export const lowercase: FuncKeywordDefinition = {
  keyword: 'lowercase',
  before: 'const',
  schemaType: 'boolean',
  modifying: true,
  errors: false,
  validate: (isWanted: boolean, text: unknown, _schema, place) => {
    if (isWanted && typeof text === 'string' && place !== undefined)
      (place.parentData as Record<string, unknown>)[place.parentDataProperty] = text.toLowerCase();
    return true;
  },
};

/**
 * `httpUrl: true` on a string: a URL of http or https with a host. One with a template in it can be
 * checked only when it was rendered.
 */
export const httpUrl = wordOnText('httpUrl', (text) => {
  if (/\{[{%#]/.test(text)) return undefined;
  // URL parsers take these away without a word: what is requested would not be what is shown.

  if (/[\0-\x1f\x7f]/.test(text)) return 'must not contain control characters';
  if (text.trim() !== text) return 'must not begin or end with white space';
  return /^https?:\/\/[^/?#\\]/i.test(text) && URL.canParse(text)
    ? undefined
    : 'must be a valid http:// or https:// URL';
});

/** `headerName: true` on a string: a header that a request may be given. */
export const headerName = wordOnText('headerName', (text) =>
  /^(content-type|authorization)$/i.test(text)
    ? 'is an option of its own: `content_type`, `auth`'
    : mistakeInHeaderName(text),
);

/** `template: true` on a string: a template without mistakes in its syntax, filters and tests. */
export const template = wordOnText('template', (text) =>
  mistakeIn('template', () => compileTemplate(text)),
);

/** `expression: true` on a string: one expression of the templates’ language. */
export const expression = wordOnText('expression', (text) =>
  mistakeIn('expression', () => compileCondition(text)),
);

function mistakeIn(what: string, compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `is no valid ${what}: line ${error.line ?? 1}: ${error.message}`;
  }
}

/** A word that is true on strings `faultOf` has nothing to say against. */
function wordOnText(
  keyword: string,
  faultOf: (text: string) => string | undefined,
): FuncKeywordDefinition {
  const validate: SchemaValidateFunction = (isWanted: boolean, text: string) => {
    const message = isWanted ? faultOf(text) : undefined;
    validate.errors = message === undefined ? [] : [{ keyword, message, params: {} }];
    return message === undefined;
  };
  return { keyword, type: 'string', schemaType: 'boolean', errors: true, validate };
}
