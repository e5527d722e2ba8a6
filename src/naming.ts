/**
 * The one place where snake_case (YAML, REST) meets camelCase (TypeScript).
 *
 * The schema of a value says which keys are words of ours and are renamed. What a schema leaves open
 * (a subscription's `config`, a map by service name) belongs to the user and is passed on untouched.
 */
import type { ObjectSchema, Schema } from './schema.ts';

/** `log_level` becomes `logLevel`. */
export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** A type with its known keys in camelCase; open maps and arrays stay as they are. */
export type CamelKeys<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? string extends keyof T
      ? T
      : { [K in keyof T as K extends string ? CamelCase<K> : K]: CamelKeys<T[K]> }
    : T;

export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function renameKeys(
  schema: Schema,
  value: unknown,
  from: (key: string) => string,
  to: (key: string) => string,
): unknown {
  if (!hasProperties(schema) || typeof value !== 'object' || value === null) return value;
  const source = value as Record<string, unknown>;
  const renamed: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    if (Object.hasOwn(source, from(key))) {
      renamed[to(key)] = renameKeys(property, source[from(key)], from, to);
    }
  }
  return renamed;
}

const hasProperties = (schema: Schema): schema is ObjectSchema =>
  schema['properties'] !== undefined;

const same = (key: string) => key;

/** From the outside in: a value that fits `schema`, with its keys in camelCase. Unknown keys are dropped. */
export function toCamelKeys<T>(schema: ObjectSchema, value: T): CamelKeys<T> {
  return renameKeys(schema, value, same, camelCase) as CamelKeys<T>;
}

/** From the inside out: the reverse of {@link toCamelKeys}. */
export function toSnakeKeys(schema: ObjectSchema, value: object): Record<string, unknown> {
  return renameKeys(schema, value, camelCase, same) as Record<string, unknown>;
}
