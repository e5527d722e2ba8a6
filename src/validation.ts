/** ajv, set up once: the only validator of the project. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
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

function createAjv(isCoercing: boolean): Ajv {
  const ajv = new Ajv({
    allErrors: true,
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

const strict = createAjv(false);
const coercing = createAjv(true);

/** The check of a schema of our own. It is compiled when it is first needed, which most are not. */
export function compileSchema(schema: object): Validate {
  let check: ValidateFunction | undefined;
  return (value) => errorsOf((check ??= strict.compile(schema)), value);
}

const errorsOf = (check: ValidateFunction, value: unknown) =>
  check(value) ? null : (check.errors ?? []);

/** For fastify: text from a query becomes what its schema asks for; a body has to be right as it is. */
export function compileForRequest(schema: object, part: string | undefined) {
  let check: ValidateFunction | undefined;
  const validate = (value: unknown) => {
    validate.errors = errorsOf(
      (check ??= (part === 'body' ? strict : coercing).compile(schema)),
      value,
    );
    return validate.errors === null;
  };
  validate.errors = null as ErrorObject[] | null;
  return validate;
}

/** Compiles somebody else's schema. Throws when it is no JSON Schema. */
export function compileForeignSchema(schema: object): Validate {
  const ajv = createAjv(false);
  if (ajv.validateSchema(schema) !== true)
    throw new Error(`not a JSON Schema: ${ajv.errorsText(ajv.errors)}`);
  const check = ajv.compile(schema);
  return (value) => errorsOf(check, value);
}
