/** Turns the validator's findings into lines an administrator can act on. */
import type { ErrorObject } from 'ajv';
import { closest } from 'fastest-levenshtein';
import type { Json, JsonObject } from '../model.ts';
import { oneLine } from '../one-line.ts';
import { allowedValues, keySchema, type KeySchema } from './keys.ts';

/**
 * One line for every mistake: where it was written, the key, what was found, what is allowed.
 *
 * @param locate where the value at a path was written; undefined when it is a default
 */
export function explainConfigErrors(
  errors: ErrorObject[],
  values: JsonObject,
  locate: (path: readonly string[]) => string | undefined,
): string {
  const lines = new Map<string, string>();
  for (const error of errors) {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer);
    if (error.keyword === 'additionalProperties') {
      const key = String(error.params['additionalProperty']);
      path.push(key);
      lines.set(path.join('.'), `unknown key${suggestion(path)}`);
    } else if (!lines.has(path.join('.'))) {
      const schema = nearestSchema(path);
      lines.set(
        path.join('.'),
        `found ${found(values, path, schema)}, expected ${allowedValues(schema)}`,
      );
    }
  }
  return [...lines]
    .map(([key, line]) =>
      oneLine(`${locate(key.split('.')) ?? 'default'}: ${shortened(key)}: ${line}`),
    )
    .join('\n');
}

const shortened = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}...` : text);

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** An item of a list is described by the list. */
function nearestSchema(path: string[]): KeySchema {
  for (let length = path.length; length > 0; length--) {
    const schema = keySchema(path.slice(0, length));
    if (schema !== undefined) return schema;
  }
  return {};
}

function suggestion(path: string[]): string {
  const known = Object.keys(keySchema(path.slice(0, -1))?.properties ?? {});
  const key = path.at(-1) ?? '';
  const near = closest(key, known);
  return `; did you mean ${near}? Known here: ${known.join(', ')}`;
}

function found(values: JsonObject, path: string[], schema: KeySchema): string {
  if (schema.secret === true) return 'a secret that does not fit';
  let value: Json | undefined = values;
  for (const key of path) value = (value as Record<string, Json> | undefined)?.[key];
  // Whatever stands in the place of a section may hold the section's secrets.
  if (schema.properties !== undefined) return kindOf(value);
  // Dates, sets and the like of YAML 1.1 have no text in JSON.
  const text = (JSON.stringify(value) as string | undefined) ?? kindOf(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

/** What a value is, without saying its content: `a list`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as string] ??
    'a value'
  );
}
