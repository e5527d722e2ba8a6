import type { MessageProperties } from 'amqplib';
import { expect, test } from 'vitest';
import { publishable, writableHeaders } from '../../dist/bus/headers.js';

test('a time that no message can have is the latest one there is', () => {
  const { timestamp } = publishable({ timestamp: 2 ** 64 } as MessageProperties, {});
  const written = Buffer.alloc(8);
  written.writeBigUInt64BE(BigInt(timestamp ?? 0));
  expect(written.subarray(0, 6).toString('hex')).toBe('f'.repeat(12));
});

test('a message is put nowhere else: the queues it was to be copied to are left out', () => {
  const headers = { CC: ['webhookd'], BCC: ['other'], cc: 'kept', name: 'x', 'x-death': [] };
  expect(writableHeaders({ headers } as unknown as MessageProperties)).toEqual({
    cc: 'kept',
    name: 'x',
  });
});
