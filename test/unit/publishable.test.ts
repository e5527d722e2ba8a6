import type { MessageProperties } from 'amqplib';
import { expect, test } from 'vitest';
import { publishable } from '../../dist/bus/headers.js';

test('a time that no message can have is the latest one there is', () => {
  const { timestamp } = publishable({ timestamp: 2 ** 64 } as MessageProperties, {});
  const written = Buffer.alloc(8);
  written.writeBigUInt64BE(BigInt(timestamp ?? 0));
  expect(written.subarray(0, 6).toString('hex')).toBe('f'.repeat(12));
});
