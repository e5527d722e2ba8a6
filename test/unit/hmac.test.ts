/** The same as node's own, whatever is signed. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HmacSha256 } from '../../dist/subscriptions/hmac.js';

test('a signature is that of node’s HMAC, for any key, text and bytes, one after the other', () => {
  const body = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 1_000 }));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), body), { minLength: 1, maxLength: 3 }),
      (key, messages) => {
        const hmac = new HmacSha256(key);
        for (const [head, content] of messages)
          expect(hmac.sign(head, content)).toBe(
            createHmac('sha256', key).update(head).update(content).digest('base64'),
          );
      },
    ),
  );
});

test.each(['a', 'é', '€', '🦄'])('a long message of %s is signed like a short one', (sign) => {
  const key = new Uint8Array([1, 2, 3]);
  const hmac = new HmacSha256(key);
  for (const length of [5_000, 5_500, 20_000]) {
    const body = sign.repeat(length);
    const expected = createHmac('sha256', key).update(`h${body}`).digest('base64');
    expect(hmac.sign('h', body)).toBe(expected);
    expect(hmac.sign('h', Buffer.from(body))).toBe(expected);
  }
});

test('a key that HMAC would shorten first is refused', () => {
  expect(() => new HmacSha256(new Uint8Array(65))).toThrow(/more than 64 bytes/);
});
