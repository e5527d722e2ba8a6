/** Hears what is published on the exchange. */
import { connect } from 'amqplib';
import { onTestFinished } from 'vitest';
import { until } from './wait.ts';

/** A message on the exchange. */
export interface Heard {
  body: { name: string; origin_uuid: string; data: Record<string, unknown> };
  headers: Record<string, unknown>;
  messageId: unknown;
}

/** Everything that is published from now on, whatever its name, until the test ends. */
export async function listen(brokerUrl: string): Promise<Heard[]> {
  const connection = await connect(brokerUrl);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  await channel.assertExchange('wazo-headers', 'headers', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'wazo-headers', '', { 'x-match': 'all' });
  const heard: Heard[] = [];
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const { content, properties } = message;
    heard.push({
      body: JSON.parse(content.toString()) as Heard['body'],
      headers: properties.headers ?? {},
      messageId: properties.messageId as unknown,
    });
  });
  return heard;
}

/** Heard of a subscription, once it is so many. */
export const about = (heard: Heard[], uuid: string, count: number): Promise<Heard[]> =>
  until(`${count} events about ${uuid}`, () => {
    const own = heard.filter(({ body }) => body.data['uuid'] === uuid);
    return own.length >= count && own;
  });
