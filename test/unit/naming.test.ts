import { describe, expect, test } from 'vitest';
import { camelCase, toCamelKeys, toSnakeKeys } from '../../dist/naming.js';
import { array, maybe, nullable, object, open, string } from '../../dist/schema.js';

const schema = object({
  first_key: string(),
  with_number_2: maybe(string()),
  inner_part: object({ deep_key: string() }),
  users_own: open(),
  a_list: maybe(array(object({ item_key: string() }))),
  perhaps_null: maybe(nullable(string())),
});

describe('keys of ours', () => {
  test.each([
    ['log_level', 'logLevel'],
    ['hook_http_retry_countdown_factor', 'hookHttpRetryCountdownFactor'],
    ['plain', 'plain'],
    ['with_number_2', 'withNumber2'],
  ])('%s becomes %s', (snake, camel) => {
    expect(camelCase(snake)).toBe(camel);
  });

  const outside = {
    first_key: 'a',
    with_number_2: 'b',
    inner_part: { deep_key: 'c' },
    users_own: { their_key: { and_more: 1 }, camelKey: 2 },
    perhaps_null: null,
  };
  const inside = {
    firstKey: 'a',
    withNumber2: 'b',
    innerPart: { deepKey: 'c' },
    usersOwn: { their_key: { and_more: 1 }, camelKey: 2 },
    perhapsNull: null,
  };

  test('are renamed, those of open maps are left alone', () => {
    expect(toCamelKeys(schema, outside)).toEqual(inside);
  });

  test('come back as they were', () => {
    expect(toSnakeKeys(schema, inside)).toEqual(outside);
  });

  test('that the schema does not know are dropped', () => {
    const value: object = { ...outside, unknown_key: 1, inner_part: { deep_key: 'c', other: 2 } };
    expect(toCamelKeys(schema, value)).toEqual(inside);
  });

  test('that are inherited are no keys', () => {
    expect(toCamelKeys(schema, Object.create(outside) as object)).toEqual({});
  });
});
