/** ajv, set up once: the only validator of the project. */
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import { dropNulls, expression, headerName, httpUrl, lowercase, template } from './keywords.ts';

/** Checks a value; the errors, or null when it fits. Defaults are filled in, in place. */
export type Validate = (value: unknown) => ErrorObject[] | null;

/** Words of our own schemas that say nothing about what is valid. */
const vocabulary = ['secret', 'unit', 'reload'];

/** ISO 8601 with or without time and zone, as clients of Python daemons send it. */
const isoDateTime = (text: string) =>
  /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.test(text) &&
  !Number.isNaN(Date.parse(text));

/** Of a value with more parts only the first mistake is told: every part may be one. */
const mostParts = 1_000;

function createAjv({ isCoercing = false, isThorough = true } = {}): Ajv {
  const ajv = new Ajv({
    allErrors: isThorough,
    verbose: true,
    strict: false,
    allowUnionTypes: true,
    useDefaults: true,
    // One value of a repeatable parameter is a list of one.
    coerceTypes: isCoercing ? 'array' : false,
    // Compiling the schema of schemas takes as long and as much memory as all of ours together.
    validateSchema: false,
  });
  formats.default(ajv);
  ajv.addFormat('iso-date-time', isoDateTime);
  for (const keyword of vocabulary) ajv.addKeyword(keyword);
  for (const keyword of [dropNulls, lowercase, httpUrl, template, expression, headerName])
    ajv.addKeyword(keyword);
  return ajv;
}

const strict = createAjv();
const coercing = createAjv({ isCoercing: true });
let hastyOwn: Ajv | undefined;

/** The check of a schema of our own. It is compiled when it is first needed, which most are not. */
export const compileSchema = (schema: object): Validate =>
  compileFor(
    schema,
    () => strict,
    () => (hastyOwn ??= createAjv({ isThorough: false })),
  );

/** @param hasty for values with many parts */
function compileFor(schema: object, thorough: () => Ajv, hasty = thorough): Validate {
  return (value) => {
    // Compiled once: ajv knows the schemas it has seen.
    const check = (hasManyParts(value) ? hasty() : thorough()).compile(schema);
    return check(value) ? null : (check.errors ?? []);
  };
}

function hasManyParts(value: unknown): boolean {
  const parts = [value];
  for (const part of parts) {
    if (parts.length > mostParts) return true;
    if (typeof part !== 'object' || part === null) continue;
    for (const inner of Object.values(part)) parts.push(inner);
  }
  return false;
}

/** For fastify: text from a query becomes what its schema asks for; a body has to be right as it is. */
export function compileForRequest(schema: object, part: string | undefined) {
  const check = part === 'body' ? compileSchema(schema) : compileFor(schema, () => coercing);
  const validate = (value: unknown) => {
    validate.errors = check(value);
    return validate.errors === null;
  };
  validate.errors = null as ErrorObject[] | null;
  return validate;
}

/** Compiles somebody else's schema. Throws when it is no JSON Schema. */
export function compileForeignSchema(schema: object): Validate {
  const ajv = createAjv();
  if (ajv.validateSchema(schema) !== true)
    throw new Error(`not a JSON Schema: ${ajv.errorsText(ajv.errors)}`);
  ajv.compile(schema);
  let hasty: Ajv | undefined;
  return compileFor(
    schema,
    () => ajv,
    () => (hasty ??= createAjv({ isThorough: false })),
  );
}
