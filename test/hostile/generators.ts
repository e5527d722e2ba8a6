/** What hostile input is made of. */
import fc from 'fast-check';

/** Names that mean something to JavaScript, and keys that mean something to us. */
const trickyNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
  'then',
  'length',
  '!',
  'value',
  'name',
  'data',
  'headers',
  'x-death',
  'user_uuid:',
  'user_uuid:*',
  'tenant_uuid',
  'origin_uuid',
  'timestamp',
  '',
  '*',
  '.',
  '..',
  'a.b',
  'a/b',
  'a~1b',
  '0',
  '-1',
];

const trickyTexts = [
  '\0',
  '\n',
  '\r\n{"level":60,"msg":"forged"}\n',
  '\u001b[2J\u001b[31mred',
  '\u202etxt.exe',
  '\ufeff',
  '\ud800',
  '\udfff\ud800',
  'ﷺ'.repeat(40),
  '👩‍👩‍👧‍👦'.repeat(12),
  'a'.repeat(128),
  'a'.repeat(129),
  'é'.repeat(128),
  'n'.repeat(10_000),
  '%s%n%d',
  '%00',
  '%ff',
  '../../../../etc/passwd',
  "' OR 1=1 --",
  '"; DROP TABLE events; --',
  '%_\\',
  '${7*7}',
  '{{ 7 * 7 }}',
  '{% for x in',
  '<script>alert(1)</script>',
  'true',
  'null',
  'NaN',
  '1e999',
  '-0',
  '0x10',
  '2023-02-30T25:61:61Z',
  '9999999999999999999999',
];

/** Text of every kind, most of it short. */
export const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...trickyTexts) },
  { weight: 2, arbitrary: fc.constantFrom(...trickyNames) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 3, arbitrary: fc.string({ maxLength: 200 }) },
  // Lone surrogates, which no UTF-8 can hold.
  {
    weight: 1,
    arbitrary: fc
      .array(fc.nat(0xffff), { maxLength: 10 })
      .map((codes) => String.fromCharCode(...codes)),
  },
);

export const key = fc.oneof(fc.constantFrom(...trickyNames), text);

export const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, -1, 1, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e300, -1e300, 5e-324),
);

/** An object with these own keys, `__proto__` too. */
export function objectOf(
  entries: readonly (readonly [string, unknown])[],
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of entries)
    Object.defineProperty(result, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return result;
}

/** JSON values with hostile keys and texts. */
export const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map(objectOf),
  ),
}));

export const jsonObject = fc.array(fc.tuple(key, json), { maxLength: 6 }).map(objectOf);

/** JSON of so many arrays or objects, one inside of the other. */
export const deepText = fc
  .tuple(
    fc.constantFrom(['[', '', ']'], ['{"a":', '1', '}'] as const),
    fc.constantFrom(100, 1_000, 5_000, 20_000, 100_000),
  )
  .map(([[open, middle, close], levels]) => open.repeat(levels) + middle + close.repeat(levels));

/** JSON that was damaged: cut, doubled, or with other characters in it. */
export const brokenJson = fc
  .tuple(
    json,
    fc.nat(),
    fc.constantFrom('', ',', '}', '"', '\\', '\0', '\ufeff', '/*', 'NaN', '\\u', '\ud800'),
  )
  .map(([value, place, what]) => {
    const whole = JSON.stringify(value);
    const at = place % (whole.length + 1);
    return `${whole.slice(0, at)}${what}${what === '' ? '' : whole.slice(at)}`;
  });
