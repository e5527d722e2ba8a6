/** AMQP messages as amqplib hands them over. */
import type { ConsumeMessage, MessagePropertyHeaders } from 'amqplib';

export interface MessageParts {
  /** Sent as JSON, unless it is a buffer. */
  body?: unknown;
  headers?: MessagePropertyHeaders | undefined;
  messageId?: string;
  tag?: number;
}

export function sampleMessage({
  body = { name: 'call_created', data: { id: 1 } },
  headers,
  messageId,
  tag = 1,
}: MessageParts = {}): ConsumeMessage {
  return {
    content: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    fields: {
      deliveryTag: tag,
      redelivered: false,
      exchange: 'wazo-headers',
      routingKey: '',
      consumerTag: 'a-consumer',
    },
    properties: {
      headers,
      messageId,
      contentType: 'application/json',
      contentEncoding: undefined,
      deliveryMode: 2,
      priority: undefined,
      correlationId: undefined,
      replyTo: undefined,
      expiration: undefined,
      timestamp: undefined,
      type: undefined,
      userId: undefined,
      appId: undefined,
      clusterId: undefined,
    },
  };
}

/** A header that the client library can write once: each number takes nearly twice the room when it is written again. */
export const growingHeader = Array.from({ length: 12_000 }, () => ({ '!': 'float', value: 0.5 }));

/** JSON of so many arrays, one inside of the other. */
export const deepJson = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
