import { connect, type ConsumeMessage } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { ConsumerSession } from '../../dist/bus/consumer.js';
import { silentLog } from '../support/logs.ts';
import { newVhost } from '../support/vhost.ts';

test('a message that is settled while its channel closes is left to the broker, and nothing throws', async () => {
  const connection = await connect(await newVhost());
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('');
  channel.sendToQueue(queue, Buffer.from('one'));
  const message = await new Promise<ConsumeMessage>((resolve, reject) => {
    channel
      .consume(queue, (received) => {
        if (received !== null) resolve(received);
      })
      .catch(reject);
  });
  const session = new ConsumerSession(channel, silentLog, 'nowhere');
  const closed = channel.close();
  expect(() => channel.ack(message)).toThrow('Channel closing');
  session.ackUpTo(message);
  session.reject(message);
  await closed;
  session.reject(message);
  const other = await connection.createChannel();
  const again = await other.get(queue);
  expect(again && again.content.toString()).toBe('one');
});
