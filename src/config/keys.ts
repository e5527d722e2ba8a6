/** Walks the configuration schema: every key with its path and its description. */
import { ConfigSchema } from './schema.ts';

/** A key of the configuration, as its schema describes it. */
export interface KeySchema {
  type?: string;
  properties?: Record<string, KeySchema>;
  additionalProperties?: KeySchema | false;
  anyOf?: KeySchema[];
  enum?: unknown[];
  items?: KeySchema;
  default?: unknown;
  description?: string;
  unit?: string;
  secret?: boolean;
  reload?: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
}

export const rootKey = ConfigSchema as KeySchema;

/** The schema at a dotted path such as `bus.port`; undefined when there is no such key. */
export function keySchema(path: readonly string[]): KeySchema | undefined {
  let schema = rootKey;
  for (const key of path) {
    const properties: Record<string, KeySchema> = schema.properties ?? {};
    const next = Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties;
    if (next === undefined || next === false) return undefined;
    schema = next;
  }
  return schema;
}

/** Every key that holds a value (not a section), depth first, in the schema's order. */
export function* valueKeys(
  schema: KeySchema = rootKey,
  path: string[] = [],
): Generator<{ path: string[]; schema: KeySchema }> {
  if (schema.properties === undefined) {
    yield { path, schema };
    return;
  }
  for (const [key, property] of Object.entries(schema.properties)) {
    yield* valueKeys(property, [...path, key]);
  }
}

/** Keys whose text is a path, or, of the database, `sqlite:` and a path. */
export const pathKeys = [
  'log_file',
  'extra_config_files',
  'bus.tls.ca_file',
  'bus.tls.cert_file',
  'bus.tls.key_file',
  'rest_api.certificate',
  'rest_api.private_key',
  'auth.local_token_file',
  'auth.key_file',
  'database.uri',
  'plugins.directory',
  'plugins.secret_key_file',
].map((path) => path.split('.'));

/** What a key takes, in words: `an integer from 1 to 65535`. */
export function allowedValues(schema: KeySchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(allowedValues).join(' or ');
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  switch (schema.type) {
    case 'null':
      return 'null';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `an integer${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'array':
      return `a list, each item ${schema.items ? allowedValues(schema.items) : 'anything'}`;
    case 'object':
      return schema.additionalProperties ? 'a map of names to true or false' : 'a section of keys';
    case 'string':
      return text(schema);
    default:
      return 'a value';
  }
}

function range({ minimum, maximum, exclusiveMinimum, unit }: KeySchema): string {
  const of = unit === undefined ? '' : ` (${unit})`;
  if (exclusiveMinimum !== undefined) return ` greater than ${exclusiveMinimum}${of}`;
  if (minimum === undefined) return of;
  return maximum === undefined
    ? ` of at least ${minimum}${of}`
    : ` from ${minimum} to ${maximum}${of}`;
}

const patternsInWords: Record<string, string> = {
  '^amqps?://': 'an amqp:// or amqps:// address',
  '^sqlite:.+': '`sqlite:` followed by a path',
};

function text({ pattern, minLength, maxLength }: KeySchema): string {
  if (pattern !== undefined) return patternsInWords[pattern] ?? `text that matches ${pattern}`;
  if (minLength !== undefined && minLength === maxLength) return `text of ${minLength} characters`;
  if (maxLength !== undefined) return `text of at most ${maxLength} characters`;
  return minLength === 1 ? 'text that is not empty' : 'text';
}
