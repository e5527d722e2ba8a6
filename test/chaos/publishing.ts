/** Publishes events, each until the broker has confirmed that it is in a queue, whatever happens to the broker. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfirmChannel, connect } from 'amqplib';

export interface PublishOptions {
  /** Asked before every try to connect. */
  url: () => string;
  /** The first id. */
  from?: number;
  count: number;
  /** Event names, in turn. */
  names: string[];
  /** Events a second; without it as fast as the broker confirms. */
  rate?: number;
  onPublish?: (id: number) => void;
}

interface Waiting {
  name: string;
  messageId: string;
  timestamp: string;
}

/** How many events may be unconfirmed at once. */
const window = 200;

const exchange = 'wazo-headers';

export async function publishAll(options: PublishOptions): Promise<void> {
  const { from = 0, count, names } = options;
  const waiting = new Map<number, Waiting>();
  for (let id = from; id < from + count; id++) {
    const name = names[id % names.length] ?? '';
    waiting.set(id, { name, messageId: randomUUID(), timestamp: new Date().toISOString() });
  }
  while (waiting.size > 0) {
    try {
      await publishWaiting(waiting, options);
    } catch {
      await sleep(100);
    }
  }
}

async function publishWaiting(
  waiting: Map<number, Waiting>,
  { url, rate = Infinity, onPublish = () => undefined }: PublishOptions,
): Promise<void> {
  const connection = await connect(url());
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    const lost = closing(channel);
    const returned = new Set<unknown>();
    channel.on('return', (message: { properties: { messageId: unknown } }) =>
      returned.add(message.properties.messageId),
    );
    await Promise.race([channel.assertExchange(exchange, 'headers', { durable: true }), lost]);
    const began = performance.now();
    let batch: Promise<void>[] = [];
    let sent = 0;
    for (const [id, event] of [...waiting]) {
      onPublish(id);
      batch.push(
        confirmed(channel, id, event).then(() => {
          if (!returned.has(event.messageId)) waiting.delete(id);
        }),
      );
      sent++;
      if (batch.length < Math.min(window, Math.max(1, rate / 50))) continue;
      await Promise.race([Promise.all(batch), lost]);
      batch = [];
      const ahead = (sent / rate) * 1000 - (performance.now() - began);
      if (ahead > 1) await sleep(ahead);
    }
    await Promise.race([Promise.all(batch), lost]);
    // What was returned had no queue to go to; there may be one soon.
    if (waiting.size > 0) await sleep(100);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Rejects when the channel ends. */
function closing(channel: ConfirmChannel): Promise<never> {
  channel.on('error', () => undefined);
  const lost = new Promise<never>((_resolve, reject) =>
    channel.once('close', () => reject(new Error('the channel is closed'))),
  );
  lost.catch(() => undefined);
  return lost;
}

function confirmed(
  channel: ConfirmChannel,
  id: number,
  { name, messageId, timestamp }: Waiting,
): Promise<void> {
  const content = Buffer.from(JSON.stringify({ name, origin_uuid: 'a-server', data: { id } }));
  const options = { persistent: true, mandatory: true, messageId, headers: { name, timestamp } };
  const done = new Promise<void>((resolve, reject) => {
    channel.publish(exchange, '', content, options, (error: unknown) => {
      if (error === null || error === undefined) resolve();
      else reject(new Error('not confirmed', { cause: error }));
    });
  });
  // Whoever waits for it may have given up with the channel.
  done.catch(() => undefined);
  return done;
}
