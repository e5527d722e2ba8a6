import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactorOf } from '../../dist/plugins/redactor.js';
import { redactedJson } from '../../dist/redacted-json.js';

const without = (value: unknown, ...secrets: string[]) =>
  JSON.parse(redactedJson(JSON.stringify(value), redactorOf(secrets))) as unknown;

describe('JSON without secrets', () => {
  test.each<[string, unknown, string, unknown]>([
    [
      'in a number',
      { error: 'no', account: 47110815 },
      '4711',
      { error: 'no', account: '********0815' },
    ],
    ['that is a number', { pin: 4711 }, '4711', { pin: '********' }],
    ['in a negative number', [-47.11e-20], '4.711e', ['-********-19']],
    ['in a text', { a: ['to 4711'] }, '4711', { a: ['to ********'] }],
    ['in a key', { 'to 4711': 1 }, '4711', { 'to ********': 1 }],
    ['that JSON writes with escapes', { a: 'x"\\\n"y' }, '"\\\n"', { a: 'x********y' }],
    [
      'that is an escape of something else',
      { a: 'x\u00014711', b: '\u0001' },
      '0001',
      { a: 'x\u00014711', b: '\u0001' },
    ],
    ['that is JSON of its own', { a: 'b', c: true }, '":"b","', { a: 'b', c: true }],
    ['with quotes, beside numbers', { a: '1 "4711" 2' }, '"4711"', { a: '1 ******** 2' }],
    [
      'in JSON within JSON',
      { body: JSON.stringify({ key: 'a"b\nc' }) },
      'a"b\nc',
      { body: '{"key":"********"}' },
    ],
    ['nowhere', { a: 1 }, '4711', { a: 1 }],
  ])('%s', (_where, value, secret, expected) => {
    expect(without(value, secret)).toEqual(expected);
  });

  test('of a megabyte, and deeply nested', () => {
    const long = { text: 'a\\"4711'.repeat(150_000) };
    expect(without(long, '4711')).toEqual({ text: 'a\\"********'.repeat(150_000) });
    const deep = `${'['.repeat(100_000)}4711${']'.repeat(100_000)}`;
    expect(redactedJson(deep, redactorOf(['4711']))).toBe(deep.replace('4711', '"********"'));
  });

  test('is JSON whatever is in it, and has none', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ minLength: 4 }), (json, other) => {
        // A secret that is somewhere in it, and one that may be.
        const [, near = other] = /(.{4,8})/.exec(json.slice(json.length / 2)) ?? [];
        fc.pre(![near, other].some((secret) => secret.includes('*')));
        const redact = redactorOf([near, other]);
        const shown: unknown = JSON.parse(redactedJson(json, redact));
        expect(textsIn(shown).filter((text) => redact(text) !== text)).toEqual([]);
      }),
    );
  });
});

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, held]) => [key, ...textsIn(held)]);
}
