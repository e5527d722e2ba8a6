/**
 * JSON Schemas that carry the TypeScript type of what they describe.
 *
 * The values are plain JSON Schema; the type is the compiler's alone. (Builders from libraries do the
 * same, and cost a tenth of the memory an idle daemon may take.)
 */

declare const described: unique symbol;
declare const optional: unique symbol;

/** A JSON Schema of values of type T. */
export interface Schema<T = unknown> {
  readonly [described]?: T;
  readonly type?: string;
  readonly [keyword: string]: unknown;
}

/** A property that may be left out. */
type Optional<S extends Schema> = S & OptionalMark;

/** What the compiler tells such a property by. */
export interface OptionalMark {
  readonly [optional]: true;
}

/** An object with known keys. */
export type ObjectSchema<P extends Record<string, Schema> = Record<string, Schema>> = Schema<
  StaticObject<P>
> & {
  readonly properties: P;
};

/** The type of what a schema describes. */
export type Static<S> = S extends Schema<infer T> ? T : never;

type OptionalKeys<P> = {
  [K in keyof P]: P[K] extends OptionalMark ? K : never;
}[keyof P];
type StaticObject<P> = { [K in Exclude<keyof P, OptionalKeys<P>>]: Static<P[K]> } & {
  [K in OptionalKeys<P>]?: Static<P[K]>;
} extends infer O
  ? { [K in keyof O]: O[K] }
  : never;

export type Keywords = Readonly<Record<string, unknown>>;

export const string = (keywords: Keywords = {}): Schema<string> => ({
  type: 'string',
  ...keywords,
});
export const boolean = (keywords: Keywords = {}): Schema<boolean> => ({
  type: 'boolean',
  ...keywords,
});
export const integer = (keywords: Keywords = {}): Schema<number> => ({
  type: 'integer',
  ...keywords,
});
export const number = (keywords: Keywords = {}): Schema<number> => ({
  type: 'number',
  ...keywords,
});
export const nothing = (): Schema<null> => ({ type: 'null' });

/** One of a few words. */
export const oneOf = <const W extends string>(
  words: readonly W[],
  keywords: Keywords = {},
): Schema<W> => ({
  type: 'string',
  enum: words,
  ...keywords,
});

/** A value, or null. The schema's own description and default belong to the whole. */
export const nullable = <T>(schema: Schema<T>, keywords: Keywords = {}): Schema<T | null> => ({
  anyOf: [schema, nothing()],
  ...keywords,
});

/** A value that fits one of several schemas. */
export const anyOf = <const S extends readonly Schema[]>(
  schemas: S,
  keywords: Keywords = {},
): Schema<Static<S[number]>> => ({ anyOf: schemas, ...keywords });

export const array = <T>(items: Schema<T>, keywords: Keywords = {}): Schema<T[]> => ({
  type: 'array',
  items,
  ...keywords,
});

/** Any keys, each with a value of one kind. */
export const record = <T>(
  values: Schema<T>,
  keywords: Keywords = {},
): Schema<Record<string, T>> => ({
  type: 'object',
  additionalProperties: values,
  ...keywords,
});

/** An object about whose keys nothing is said. */
export const open = <T = Record<string, unknown>>(keywords: Keywords = {}): Schema<T> => ({
  type: 'object',
  ...keywords,
});

export const maybe = <S extends Schema>(schema: S): Optional<S> => {
  optionalSchemas.add(schema);
  return schema as Optional<S>;
};

/** Which schemas were marked as optional: the mark is no word of JSON Schema. */
const optionalSchemas = new WeakSet<Schema>();

export function object<P extends Record<string, Schema>>(
  properties: P,
  keywords: Keywords = {},
): ObjectSchema<P> {
  const required = Object.keys(properties).filter((key) => {
    const property = properties[key];
    // What has a default may be left out: the validator fills it in.
    return (
      property !== undefined && property['default'] === undefined && !optionalSchemas.has(property)
    );
  });
  return { type: 'object', required, properties, ...keywords };
}
