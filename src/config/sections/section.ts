/** What the keys of the configuration are described with, beyond the words every schema has. */
import { nullable, number, object, type ObjectSchema, type Schema, string } from '../../schema.ts';

/** Keys that belong together. Other keys are a mistake; all have defaults, so it may be left out. */
export const section = <P extends Record<string, Schema>>(
  keys: P,
  description: string,
): ObjectSchema<P> => object(keys, { additionalProperties: false, default: {}, description });

/** A path, name or secret that need not be set. */
export const optionalText = (description: string, extra: object = {}) =>
  nullable(string({ minLength: 1 }), { default: null, description, ...extra });

/** A duration above zero. */
export const seconds = (value: number, description: string, extra: object = {}) =>
  number({ default: value, exclusiveMinimum: 0, unit: 's', description, ...extra });
