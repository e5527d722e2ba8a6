/** A source of events that loses none when its broker goes away: a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfirmChannel, connect } from 'amqplib';
import { benchMessage, preciseNow } from '../bench/events.ts';
import { eventNames, rate } from './plan.ts';

/** How many may be unconfirmed at once. */
const window = 500;

const [url = '', run = ''] = process.argv.slice(2);
const unconfirmed = new Map<number, ReturnType<typeof benchMessage>>();
let published = 0;
let isStopped = false;
let began = 0;

function send(channel: ConfirmChannel, id: number, message: ReturnType<typeof benchMessage>): void {
  const { name, content, headers } = message;
  // One that was sent before the connection broke is sent again under the same id.
  const options = { persistent: true, headers, messageId: `${run}-${id}` };
  channel.publish('wazo-headers', name, content, options, (error: unknown) => {
    if (error === null || error === undefined) unconfirmed.delete(id);
  });
}

/** Until the connection breaks, or all is published and confirmed. */
async function publishUntilLost(): Promise<void> {
  const connection = await connect(url, { timeout: 5_000 });
  let isLost = false;
  connection.on('error', () => undefined);
  connection.on('close', () => (isLost = true));
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  channel.on('close', () => (isLost = true));
  await channel.assertExchange('wazo-headers', 'headers', { durable: true });
  for (const [id, message] of unconfirmed) send(channel, id, message);
  while (!isLost && (!isStopped || unconfirmed.size > 0)) {
    const due = Math.floor(((preciseNow() - began) * rate) / 1000);
    while (!isStopped && published < due && unconfirmed.size < window) {
      const id = published++;
      const message = benchMessage(id, preciseNow(), eventNames);
      unconfirmed.set(id, message);
      send(channel, id, message);
    }
    await sleep(2);
  }
  if (!isLost) await connection.close();
}

async function publishAll(): Promise<void> {
  began = preciseNow();
  while (!isStopped || unconfirmed.size > 0) {
    await publishUntilLost().catch(() => undefined);
    await sleep(100);
  }
}

let publishing = Promise.resolve();
process.on('message', (message) => {
  if (message === 'start') publishing = publishAll();
  if (message === 'stop') {
    isStopped = true;
    void publishing.then(() => process.send?.({ published }));
  } else process.send?.({ published });
});
// Ctrl-C is for whoever started this: it asks for what there is before it goes.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
process.send?.({ isReady: true });
