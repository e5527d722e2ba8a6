/** The words of our own in schemas. */
import { describe, expect, test } from 'vitest';
import { compileForeignSchema, compileSchema } from '#dist/validation.js';

/** What a value becomes, and the words it does not fit. */
function check(schema: object, value: unknown) {
  const errors = compileSchema(schema)(value) ?? [];
  return { value, errors: errors.map(({ keyword, message }) => `${keyword}: ${message ?? ''}`) };
}

describe('dropNulls', () => {
  const schema = {
    type: 'object',
    dropNulls: true,
    required: ['url'],
    properties: { url: { type: 'string' }, color: { type: 'string', default: 'blue' } },
  };

  test('takes properties away that are null, before anything else is checked', () => {
    expect(check(schema, { url: 'x', color: 'red', size: null })).toEqual({
      value: { url: 'x', color: 'red' },
      errors: [],
    });
    expect(check(schema, { url: null, color: 'red' }).errors).toEqual([
      "required: must have required property 'url'",
    ]);
  });

  test('lets a default take the place of a null', () => {
    expect(check(schema, { url: 'x', color: null }).value).toEqual({ url: 'x', color: 'blue' });
  });

  test('leaves nulls further inside, and what is no object', () => {
    const value = { url: 'x', color: 'red', inner: { kept: null }, list: [null] };
    expect(check(schema, structuredClone(value)).value).toEqual(value);
    expect(check({ dropNulls: true }, [null])).toEqual({ value: [null], errors: [] });
    expect(check({ dropNulls: true }, null)).toEqual({ value: null, errors: [] });
    expect(check({ dropNulls: false }, { a: null }).value).toEqual({ a: null });
  });
});

describe('lowercase', () => {
  const schema = {
    type: 'object',
    properties: { method: { type: 'string', lowercase: true, enum: ['get', 'post'] } },
  };

  test('keeps a string in lower case, and checks it so', () => {
    expect(check(schema, { method: 'GeT' })).toEqual({ value: { method: 'get' }, errors: [] });
    expect(check(schema, { method: 'PUT' }).errors).toEqual([
      'enum: must be equal to one of the allowed values',
    ]);
  });

  test('leaves what is no string', () => {
    expect(check(schema, { method: 1 }).errors).toContain('type: must be string');
    expect(check({ items: { lowercase: true } }, ['A', 1]).value).toEqual(['a', 1]);
    expect(check({ items: { lowercase: false } }, ['A']).value).toEqual(['A']);
  });
});

describe('httpUrl', () => {
  const faultsOf = (url: string) => check({ httpUrl: true }, url).errors;

  test.each([
    'http://example.org',
    'HTTPS://user:pass@example.org:8443/a?b#c',
    'http://[::1]/',
    'http://example.org/a b',
    'http://bücher.example/',
  ])('accepts %s', (url) => {
    expect(faultsOf(url)).toEqual([]);
  });

  test.each([
    'http://',
    'http:example.org',
    'http:///x',
    'http://a b/',
    'http://a:99999/',
    'x',
    '',
  ])('refuses %j', (url) => {
    expect(faultsOf(url)).toEqual(['httpUrl: must be a valid http:// or https:// URL']);
  });

  test.each(['ftp://example.org/', 'javascript:alert(1)', 'http:\\\\example.org'])(
    'refuses another scheme: %s',
    (url) => {
      expect(faultsOf(url)).toHaveLength(1);
    },
  );

  test('refuses control characters and white space around', () => {
    for (const url of ['http://a/\n', 'http://a/\0b', 'ht\ttp://a/', 'http://a/\x7f'])
      expect(faultsOf(url)).toEqual(['httpUrl: must not contain control characters']);
    for (const url of [' http://a/', 'http://a/ ', '\u00a0http://a/'])
      expect(faultsOf(url)).toEqual(['httpUrl: must not begin or end with white space']);
  });

  test.each(['{{ event.url }}', 'http://{{ event.host }}/', '{% if a %}x{% endif %}', '{# x #}'])(
    'leaves a template to be checked when it is rendered: %s',
    (url) => {
      expect(faultsOf(url)).toEqual([]);
    },
  );
});

test('schemas of plugins may use them too', () => {
  const schema = {
    type: 'object',
    dropNulls: true,
    properties: { color: { type: 'string', lowercase: true }, url: { httpUrl: true } },
  };
  const value = { color: 'BLUE', url: 'x', size: null };
  expect(compileForeignSchema(schema)(value)).toMatchObject([
    { instancePath: '/url', keyword: 'httpUrl' },
  ]);
  expect(value).toEqual({ color: 'blue', url: 'x' });
});
