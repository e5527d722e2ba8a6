/** ajv, set up once: the only validator of the project. */
import { Ajv, type ErrorObject, type Options } from 'ajv';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';

/** Checks a value in place (defaults are filled in where asked for); the errors, or null when it fits. */
export type Validate = (value: unknown) => ErrorObject[] | null;

const vocabulary = ['secret', 'unit', 'reload'];

/** An ajv with every option this project relies on. */
export function createAjv(options: Options = {}): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true, ...options });
  formats.default(ajv);
  for (const keyword of vocabulary) ajv.addKeyword(keyword);
  return ajv;
}

/** Compiles a schema into a function. Throws when the schema itself is wrong. */
export function compileSchema(schema: TSchema | object, options: Options = {}): Validate {
  const check = createAjv(options).compile(schema);
  return (value) => (check(value) ? null : (check.errors ?? []));
}
