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

test('a key that HMAC would shorten first is refused', () => {
  expect(() => new HmacSha256(new Uint8Array(65))).toThrow(/more than 64 bytes/);
});
