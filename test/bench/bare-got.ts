/** The loop one would write by hand, with got: ack after the response, nothing stored, nothing tried again. */
import { connect } from 'amqplib';
import got from 'got';
import { eventNames } from './events.ts';

const [, , broker = '', target = ''] = process.argv;
const connection = await connect(broker);
const channel = await connection.createChannel();
await channel.assertExchange('wazo-headers', 'headers', { durable: true });
await channel.assertQueue('bare', { durable: true });
for (const name of eventNames)
  await channel.bindQueue('bare', 'wazo-headers', '', { 'x-match': 'all', name });
await channel.prefetch(100);
await channel.consume('bare', (message) => {
  if (message === null) return;
  const { data } = JSON.parse(message.content.toString()) as { data: unknown };
  void got.post(target, { json: data }).then(
    () => channel.ack(message),
    () => channel.nack(message),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
