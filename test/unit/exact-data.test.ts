import { describe, expect, test } from 'vitest';
import { exactData } from '../../dist/bus/exact-data.js';

describe('data whose numbers JavaScript cannot keep are given as they came', () => {
  test.each([
    ['alone', '{"data":9007199254740993}', '9007199254740993'],
    ['within', '{"name":"x","data":{"id":12345678901234567890}}', '{"id":12345678901234567890}'],
    [
      'with the spaces Python writes',
      '{"name": "x", "data": {"id": 9007199254740993, "a": [1, 2]}, "origin_uuid": "y"}',
      '{"id": 9007199254740993, "a": [1, 2]}',
    ],
    [
      'after other things named data',
      '{"a":{"data":1},"b":["data"],"c":"\\"data\\":2,","data":[9007199254740993]}',
      '[9007199254740993]',
    ],
    ['the last of two', '{"data":1,"data":9007199254740993}', '9007199254740993'],
    ['under an escaped name', '{"d\\u0061ta":9007199254740993}', '9007199254740993'],
    ['as a string', '{"data":"9007199254740993 \\\\"}', '"9007199254740993 \\\\"'],
    ['before an empty end', '\n{ "data" : -9007199254740993 }\n', '-9007199254740993'],
  ])('%s', (_what, text, data) => {
    expect(exactData(text)).toBe(data);
    expect(JSON.parse(data)).toEqual((JSON.parse(text) as { data: unknown }).data);
  });

  test('wherever in the message the digits stand, if there are enough of them', () => {
    for (let before = 0; before < 40; before++) {
      const name = 'x'.repeat(before);
      const long = `{"name":"${name}","data":1234567890123456}`;
      expect(exactData(long)).toBe('1234567890123456');
      expect(exactData(`{"name":"${name}","data":123456789012345}`)).toBeUndefined();
    }
  });

  test.each([
    ['all numbers are exact', '{"data":{"id":900719925474099}}'],
    ['there are none', '{"name":"x","id":9007199254740993}'],
    ['it has no end', '{}'],
  ])('not when %s', (_what, text) => {
    expect(exactData(text)).toBeUndefined();
  });
});
