import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Channel, ConsumeMessage, MessageProperties } from 'amqplib';
import { expect, test } from 'vitest';
import { ConsumerSession } from '../../dist/bus/consumer.js';
import { silentLog } from '../support/logs.ts';
import { growingHeader, sampleMessage } from '../support/messages.ts';

const require = createRequire(import.meta.url);
const library = join(dirname(require.resolve('amqplib')), 'lib');
const { Channel: RealChannel } = require(join(library, 'channel_model.js')) as {
  Channel: new (connection: object) => Channel;
};
const { encodeProperties } = require(join(library, 'defs.js')) as {
  encodeProperties: (id: number, channel: number, size: number, properties: object) => Buffer;
};

/** The library's own channel and encoder, and nobody at the other end. */
function setUp() {
  const published: { content: string; properties: MessageProperties }[] = [];
  const settled: object[] = [];
  const channel = new RealChannel({
    sendMethod: (_channel: number, _method: number, fields: object) => void settled.push(fields),
    sendMessage: (
      at: number,
      _method: number,
      _fields: object,
      id: number,
      properties: MessageProperties,
      content: Buffer,
    ) => {
      encodeProperties(id, at, content.length, properties);
      published.push({ content: content.toString(), properties });
    },
  });
  return { session: new ConsumerSession(channel, silentLog, 'dead-letter'), published, settled };
}

/** A message with an `x-death` that the broker did not write. */
function forged({ headers, ...others }: Record<string, unknown>): ConsumeMessage {
  const message = sampleMessage({ body: Buffer.from('nonsense'), tag: 7 });
  const properties = { ...others, headers: { 'x-death': 'x', ...(headers as object) } };
  Object.assign(message.properties, properties);
  return message;
}

test('a death at no time was not written by the broker', () => {
  const { session, published, settled } = setUp();
  const death = { queue: 'q', reason: 'rejected', exchange: '', count: 1, 'routing-keys': [] };
  session.reject(forged({ messageId: 'm', headers: { 'x-death': [{ ...death, time: null }] } }));
  expect(published).toMatchObject([
    { content: 'nonsense', properties: { messageId: 'm', deliveryMode: 2, headers: {} } },
  ]);
  expect(settled).toEqual([{ deliveryTag: 7, multiple: false }]);
});

test.each<[string, Record<string, unknown>, string]>([
  [
    'headers that take more room than they did',
    { headers: { odd: growingHeader.map(({ value }) => value) } },
    'Encoded field table',
  ],
  [
    'a property that was not UTF-8, and is longer now',
    { correlationId: '\ufffd'.repeat(86) },
    "Field 'correlationId'",
  ],
])('of a message with %s the content is put aside', (_what, properties, why) => {
  const { session, published, settled } = setUp();
  session.reject(forged(properties));
  expect(published).toMatchObject([
    {
      content: 'nonsense',
      properties: {
        deliveryMode: 2,
        headers: { 'x-properties-left-out': expect.stringContaining(why) as string },
      },
    },
  ]);
  expect(settled).toEqual([{ deliveryTag: 7, multiple: false }]);
});
