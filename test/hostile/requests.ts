/** Requests made of the daemon's own API document: most of them nearly right, many wrong. */
import fc from 'fast-check';
import { brokenJson, deepText, json, jsonObject, key, objectOf, text } from './generators.ts';

/** What of JSON Schema the document uses. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  minLength?: number;
}

interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  schema: Schema;
}

export interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
}

/** A request as it goes over the wire. */
export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** Values that are there, by the name of what asks for them: a uuid that leads somewhere goes further. */
export type Known = Record<string, readonly unknown[]>;

const own = (known: Known, name: string): readonly unknown[] =>
  Object.hasOwn(known, name) ? (known[name] ?? []) : [];

/** A value that fits the schema, or nearly. */
function fitting(schema: Schema, name: string, known: Known): fc.Arbitrary<unknown> {
  const values = own(known, name);
  if (values.length > 0) return fc.constantFrom(...values);
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((one) => fitting(one, name, known)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
    case 'number': {
      const { minimum = -10, exclusiveMinimum = minimum, maximum = 1_000_000 } = schema;
      const least = Math.max(minimum, exclusiveMinimum);
      return fc.oneof(
        fc.integer({ min: Math.ceil(least), max: maximum }),
        fc.constantFrom(least, maximum, maximum + 1, least - 1),
      );
    }
    case 'array':
      return fc.array(value(schema.items ?? {}, name, known), { maxLength: 4 });
    case 'object':
      return object(schema, known);
    case 'string':
      return words(schema);
    default:
      return json;
  }
}

function words({ format, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  const long = fc
    .constantFrom(minLength, maxLength, maxLength + 1)
    .map((length) => '中'.repeat(length));
  if (format === 'uuid') return fc.oneof(fc.uuid(), text);
  if (format === 'date-time' || format === 'iso-date-time')
    return fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom(
        '2026-01-01',
        '2026-01-01 10:00',
        '2026-02-30T24:00:00+23:59',
        '0000-01-01',
        '9999-12-31T23:59:60Z',
      ),
      text,
    );
  return fc.oneof(text, long);
}

function object(
  { properties = {}, additionalProperties }: Schema,
  known: Known,
): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.entries(properties).map(([name, schema]) =>
    fc
      .option(value(schema, name, known), { freq: 6, nil: undefined })
      .map((made) => [name, made] as const),
  );
  if (members.length === 0 && additionalProperties === undefined) return jsonObject;
  const more = fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    fc.array(fc.tuple(key, json), { maxLength: 2 }),
  );
  return fc
    .tuple(fc.tuple(...members), more)
    .map(([made, others]) => objectOf([...made.filter(([, one]) => one !== undefined), ...others]));
}

/** One that fits, or one of any type. */
function value(schema: Schema, name: string, known: Known): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 8, arbitrary: fitting(schema, name, known) },
    { weight: 1, arbitrary: json },
  );
}

const asText = (given: unknown): string =>
  typeof given === 'string' ? given : (JSON.stringify(given) ?? '');

/** Lone surrogates have no UTF-8, but bytes that a client may send all the same. */
const encoded = (given: unknown): string => {
  try {
    return encodeURIComponent(asText(given));
  } catch {
    return '%ED%A0%80';
  }
};

/** Raw characters of a path or a query that no client should send, and every client can. */
const rawPiece = fc.constantFrom(
  '%',
  '%zz',
  '%00',
  '%ff',
  '%c0%af',
  '%2e%2e%2f',
  '..',
  '//',
  ';a=b',
  '+',
  '&&==',
  '#',
  '%F0%9F',
  '\\',
  '[',
  "'",
  '|',
  '*',
  '~',
);

function pathOf(
  template: string,
  parameters: readonly Parameter[],
  known: Known,
): fc.Arbitrary<string> {
  const pieces = template.split(/(\{[^}]+\})/).map((piece) => {
    if (!piece.startsWith('{')) return fc.constant(piece);
    const name = piece.slice(1, -1);
    const { schema = {} } = parameters.find((one) => one.in === 'path' && one.name === name) ?? {};
    return fc.oneof(
      { weight: 8, arbitrary: fitting(schema, name, known).map(encoded) },
      { weight: 1, arbitrary: text.map(encoded) },
      { weight: 1, arbitrary: rawPiece },
    );
  });
  return fc.tuple(...pieces).map((parts) => parts.join(''));
}

function queryOf(parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> {
  const declared = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, schema }) =>
      value(schema, name, known).map(
        (made) => `${name}=${(Array.isArray(made) ? made : [made]).map(encoded).join(`&${name}=`)}`,
      ),
    );
  const pair = fc.oneof(
    ...(declared.length === 0 ? [] : declared.map((arbitrary) => ({ weight: 4, arbitrary }))),
    {
      weight: 1,
      arbitrary: fc.tuple(key, json).map(([name, made]) => `${encoded(name)}=${encoded(made)}`),
    },
    { weight: 1, arbitrary: rawPiece },
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant('') },
    {
      weight: 3,
      arbitrary: fc.array(pair, { maxLength: 5 }).map((pairs) => `?${pairs.join('&')}`),
    },
  );
}

const contentType = fc.oneof(
  { weight: 12, arbitrary: fc.constant('application/json') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'application/json; charset=utf-16',
      'APPLICATION/JSON;charset="',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/merge-patch+json',
      '',
      ';',
      'application/json, text/plain',
      'a'.repeat(4_000),
    ),
  },
);

/** HTTP's headers are bytes; those below 32 but the tab no client of Node's can send. */
const headerValue = fc.oneof(
  fc.constantFrom('', ',', '\t', '\u00ff', '__proto__', '*', 'é'),
  fc
    .array(fc.integer({ min: 32, max: 255 }), { maxLength: 300 })
    .map((codes) => String.fromCharCode(...codes)),
);

const oddHeaders = fc.option(
  fc.tuple(
    fc.constantFrom(
      'accept',
      'accept-encoding',
      'if-none-match',
      'range',
      'cookie',
      'origin',
      'access-control-request-headers',
      'wazo-tenant',
      'idempotency-key',
      'authorization',
      'x-forwarded-for',
      'x-http-method-override',
      'content-encoding',
      '__proto__',
      'constructor',
    ),
    headerValue,
  ),
  { freq: 2 },
);

/** Requests to one operation. */
export function requestsTo(
  method: string,
  template: string,
  operation: Operation,
  known: Known,
): fc.Arbitrary<Request> {
  const { parameters = [], requestBody } = operation;
  const schema = requestBody?.content['application/json']?.schema;
  const right =
    schema === undefined
      ? fc.constant(undefined)
      : fitting(schema, 'body', known).map((made) => JSON.stringify(made));
  const body: fc.Arbitrary<string | Buffer | undefined> = fc.oneof(
    { weight: schema === undefined ? 8 : 16, arbitrary: right },
    { weight: 1, arbitrary: json.map((made) => JSON.stringify(made)) },
    { weight: 1, arbitrary: brokenJson },
    { weight: 1, arbitrary: deepText },
    {
      weight: 1,
      arbitrary: schema?.properties === undefined ? deepText : nestedIn(schema.properties),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  );
  return fc
    .record({
      path: pathOf(template, parameters, known),
      query: queryOf(parameters, known),
      body,
      type: contentType,
      odd: oddHeaders,
    })
    .map(({ path, query, body: content, type, odd }) => ({
      method: method.toUpperCase(),
      path: `${path}${query}`,
      headers: {
        ...(content === undefined ? {} : { 'content-type': type }),
        ...(odd === null ? {} : objectOf([odd])),
      },
      ...(content === undefined || method === 'get' || method === 'head' ? {} : { body: content }),
    }));
}

/** A body that has one of its properties very deep. */
const nestedIn = (properties: Record<string, Schema>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...Object.keys(properties)), deepText)
    .map(
      ([name, deep]) =>
        `{"name":"n","service":"http","events":["e"],"config":{"url":"http://127.0.0.1:9/"},${JSON.stringify(name)}:${deep}}`,
    );
