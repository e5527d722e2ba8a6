import { describe, expect, test } from 'vitest';
import * as schema from '../../dist/schema.js';
import { compileForeignSchema, compileSchema } from '../../dist/validation.js';

describe('the schema builder', () => {
  test('makes plain JSON Schema', () => {
    const made = schema.object(
      {
        name: schema.string({ maxLength: 5 }),
        count: schema.maybe(schema.integer({ minimum: 1, default: 3 })),
        kind: schema.oneOf(['a', 'b']),
        note: schema.nullable(schema.string(), { default: null, description: 'A note.' }),
        list: schema.array(schema.number()),
        flags: schema.record(schema.boolean()),
        rest: schema.open(),
      },
      { additionalProperties: false },
    );
    expect(JSON.parse(JSON.stringify(made))).toEqual({
      type: 'object',
      required: ['name', 'kind', 'list', 'flags', 'rest'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', maxLength: 5 },
        count: { type: 'integer', minimum: 1, default: 3 },
        kind: { type: 'string', enum: ['a', 'b'] },
        note: {
          anyOf: [{ type: 'string' }, { type: 'null' }],
          default: null,
          description: 'A note.',
        },
        list: { type: 'array', items: { type: 'number' } },
        flags: { type: 'object', additionalProperties: { type: 'boolean' } },
        rest: { type: 'object' },
      },
    });
  });

  test('a property marked as optional may be missing, another one may not', () => {
    const validate = compileSchema(
      schema.object({ needed: schema.string(), extra: schema.maybe(schema.string()) }),
    );
    expect(validate({ needed: 'x' })).toBeNull();
    expect(validate({ extra: 'x' })?.map(({ keyword }) => keyword)).toEqual(['required']);
  });

  test('a missing property with a default is filled in', () => {
    const value = {};
    const validate = compileSchema(schema.object({ port: schema.integer({ default: 5 }) }));
    expect(validate(value)).toBeNull();
    expect(value).toEqual({ port: 5 });
  });

  test('a value of a wrong type is not converted', () => {
    expect(compileSchema(schema.object({ port: schema.integer() }))({ port: '5' })).toHaveLength(1);
  });

  test('every finding is told, not the first alone', () => {
    const validate = compileSchema(schema.object({ a: schema.string(), b: schema.string() }));
    expect(validate({ a: 1, b: 2 })).toHaveLength(2);
  });
});

describe('a plugin’s schema', () => {
  test('that is none is refused', () => {
    expect(() => compileForeignSchema({ type: 'no such type' })).toThrow(/not a JSON Schema/);
  });

  test('checks values as it says', () => {
    const validate = compileForeignSchema({ type: 'object', required: ['to'] });
    expect(validate({ to: 1 })).toBeNull();
    expect(validate({})).toHaveLength(1);
  });

  test('may have an $id that another plugin uses too', () => {
    const both = { $id: 'https://example.com/config', type: 'object' };
    compileForeignSchema({ ...both });
    expect(() => compileForeignSchema({ ...both })).not.toThrow();
  });
});

describe('dates in queries', () => {
  const validate = compileSchema({ type: 'string', format: 'iso-date-time' });

  test.each([
    '2026-11-23',
    '2026-11-23T10:11',
    '2026-11-23 10:11:12',
    '2026-11-23T10:11:12.123456Z',
    '2026-11-23T10:11:12+01:00',
    '2026-11-23T10:11:12-0500',
  ])('are accepted: %s', (text) => expect(validate(text)).toBeNull());

  test.each([
    '',
    'yesterday',
    '2026-13-01',
    '2026-11-23T25:00',
    '1700000000',
    '23.11.2026',
    '2026-11-23T10:11:12ZZ',
  ])('are refused: %s', (text) => expect(validate(text)).toHaveLength(1));
});
