/** Bodies as the log shows them. */
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../plugins/http/dist/json.js';

describe('a body', () => {
  test.each([
    ['{"a":[1,null]}', { a: [1, null] }],
    [' \n[1]', [1]],
    ['"text"', 'text'],
    ['-1.5', -1.5],
    ['true', true],
    [' null\n', null],
  ])('that is JSON is shown as its value: %j', (text, value) => {
    expect(decodeBody(text)).toEqual(value);
  });

  test.each([
    '',
    ' ',
    'OK',
    '<html>',
    '{"a":',
    '404 not found',
    'true story',
    'null and void',
    '-',
  ])('that is none is shown as text: %j', (text) => {
    expect(decodeBody(text)).toBe(text);
  });

  test('that is nested too deeply to be written again is shown as text', () => {
    for (const depth of [501, 5_000, 100_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const text = `${open.repeat(depth)}0${close.repeat(depth)}`;
        expect(decodeBody(text)).toBe(text);
      }
    }
  });

  test('that is nested as deeply as allowed, or has brackets in its texts, is shown as its value', () => {
    const nested = '['.repeat(500) + ']'.repeat(500);
    expect(JSON.stringify(decodeBody(nested))).toBe(nested);
    const brackets = JSON.stringify({ text: `"\\"${'['.repeat(2000)}` });
    expect(JSON.stringify(decodeBody(brackets))).toBe(brackets);
    expect(decodeBody(brackets)).toBeTypeOf('object');
    const wide = `[${'[],'.repeat(1000)}[]]`;
    expect(decodeBody(wide)).toHaveLength(1001);
  });

  test('with the names of an object’s innards changes no prototype', () => {
    const text = '{"__proto__":{"polluted":true},"toJSON":1,"constructor":2}';
    expect(JSON.stringify(decodeBody(text))).toBe(text);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
