/** From the API document that the server makes of its routes: the reference page. */
import { STATUS_CODES } from 'node:http';
import { pino } from 'pino';
import { addRoutes } from '#dist/api/routes.js';
import { ErrorSchema } from '#dist/api/schemas.js';
import { createApi } from '#dist/api/server.js';
import { ShownSubscription } from '#dist/api/shown-subscription.js';
import { allowedValues, type KeySchema } from '#dist/config/keys.js';
import { type Config, ConfigSchema } from '#dist/config/schema.js';
import { toCamelKeys } from '#dist/naming.js';
import { SubscriptionInput } from '#dist/subscriptions/schema.js';
import { compileSchema } from '#dist/validation.js';
import { code, madeBy, table } from './markdown.ts';

interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema: KeySchema;
}

interface Content {
  content?: { 'application/json': { schema: KeySchema } };
}

interface Operation {
  summary: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
}

/** The server's routes with nothing behind them: they are described, never called. */
async function apiDocument(): Promise<ApiDocument> {
  const values: Record<string, unknown> = {};
  compileSchema(ConfigSchema)(values);
  const { restApi } = toCamelKeys(ConfigSchema, values) as unknown as Config;
  const server = await createApi({
    restApi,
    authenticator: { authenticate: () => Promise.reject(new Error('nobody calls')) },
    isOpen: false,
    addRoutes: (scope) => addRoutes(scope, {} as never),
    log: pino({ level: 'silent' }),
  });
  const answer = await server.inject('/1.0/openapi.json');
  await server.close();
  if (answer.statusCode !== 200) throw new Error(`the API document cannot be made: ${answer.body}`);
  return answer.json();
}

/** Schemas that appear in several places are shown once. */
const named: [title: string, schema: object, note: string, isSent: boolean][] = [
  ['Subscription as it is sent', SubscriptionInput, 'Unknown fields are ignored.', true],
  ['Subscription as it is returned', ShownSubscription, '', false],
];

const linkTo = (title: string) =>
  `[${title.toLowerCase()}](#${title.toLowerCase().replaceAll(' ', '-')})`;

function nameOf(schema: object): string | undefined {
  return named.find(([, known]) => JSON.stringify(known) === JSON.stringify(schema))?.[0];
}

const isError = (schema: object | undefined) =>
  JSON.stringify(schema) === JSON.stringify(ErrorSchema);

export async function apiPage(): Promise<string> {
  const { paths } = await apiDocument();
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  );
  return (
    [
      '# REST API',
      madeBy('the API document of src/api'),
      `JSON in, JSON out. The daemon serves the same as an OpenAPI 3.1 document at \`/1.0/openapi.json\`, which asks for no token; every other route does, as \`X-Auth-Token: TOKEN\` or \`Authorization: Bearer TOKEN\` (unless \`auth.type\` is \`none\`). Points in time are ISO 8601 in UTC. Errors are in [errors.md](errors.md).`,
      table(
        ['Route', 'Does'],
        routes.map(({ path, method, operation }) => [
          code(`${method.toUpperCase()} ${path}`),
          operation.summary,
        ]),
      ),
      ...routes.flatMap(({ path, method, operation }) => [
        `## ${code(`${method.toUpperCase()} ${path}`)}`,
        `${operation.summary}.`,
        ...describe(operation),
      ]),
      ...named
        .flatMap(([title, schema, note, isSent]) => [
          `## ${title}`,
          note,
          fieldTable(schema as KeySchema, isSent),
        ])
        .filter((part) => part !== ''),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function describe({ parameters = [], requestBody, responses }: Operation): string[] {
  const body = requestBody?.content?.['application/json'].schema;
  const all = Object.entries(responses).map(([status, { content }]) => ({
    status,
    schema: content?.['application/json'].schema,
  }));
  const errors = all.filter(({ schema }) => isError(schema));
  const answers = all.filter(({ schema }) => !isError(schema));
  return [
    ...(parameters.length === 0
      ? []
      : [table(['Parameter', 'In', 'Takes', 'Default', 'Meaning'], parameters.map(parameterRow))]),
    ...(body === undefined
      ? []
      : nameOf(body) === undefined
        ? ['Body:', fieldTable(body, true)]
        : [`Body: a ${linkTo(nameOf(body) ?? '')}.`]),
    ...answers.flatMap(({ status, schema }) => answer(status, schema)),
    `Errors: ${errors.map(({ status }) => `${status} ${STATUS_CODES[status] ?? ''}`).join(', ')}.`,
  ];
}

function parameterRow({ name, in: place, description = '', schema }: Parameter): string[] {
  return [
    code(name),
    place,
    words(schema),
    schema.default === undefined ? '' : code(JSON.stringify(schema.default)),
    description,
  ];
}

function answer(status: string, schema: KeySchema | undefined): string[] {
  const start = `Answer: **${status} ${STATUS_CODES[status] ?? ''}**`;
  if (schema === undefined || schema.type === 'null') return [`${start}, no body.`];
  const name = nameOf(schema);
  if (name !== undefined) return [`${start}, a ${linkTo(name)}.`];
  if (schema.properties === undefined)
    return [`${start}, an object. ${schema.description ?? ''}`.trimEnd()];
  return [`${start}:`, fieldTable(schema)];
}

/** What is sent has defaults; what is returned has every field. */
function fieldTable(schema: KeySchema, isSent = false): string {
  return table(['Field', 'Value', 'Meaning'], [...fields(schema, isSent, '')]);
}

/** One row a field; fields of the objects in a list follow the list. */
function* fields(
  schema: KeySchema & { required?: string[] },
  isSent: boolean,
  prefix: string,
): Generator<string[]> {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const mayBeMissing =
      field.default !== undefined && isSent
        ? `; ${code(JSON.stringify(field.default))} unless given`
        : schema.required?.includes(key) === true
          ? ''
          : '; may be left out';
    const items = field.items?.properties === undefined ? undefined : field.items;
    const name = items === undefined ? undefined : nameOf(items);
    const value =
      items === undefined
        ? words(field)
        : `a list of ${name === undefined ? 'objects' : linkTo(name)}`;
    yield [code(`${prefix}${key}`), `${value}${mayBeMissing}`, field.description ?? ''];
    if (items !== undefined && name === undefined)
      yield* fields(items, isSent, `${prefix}${key}[].`);
  }
}

function words(schema: KeySchema & { format?: string }): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(words).join(' or ');
  if (schema.type === 'object') return 'an object';
  if (schema.type === 'array') return `a list, each item ${words(schema.items ?? {})}`;
  if (schema.format === 'date-time' || schema.format === 'iso-date-time') return 'a time';
  if (schema.format === 'uuid') return 'a uuid';
  // Patterns are for machines: what they mean is in the description.
  const plain = { ...schema };
  delete plain.pattern;
  return allowedValues(plain);
}
