/** The source of events: a process of its own, with publisher confirms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { benchMessage, preciseNow } from './events.ts';

/** Publish ids from `first` on, as fast as possible or `rate` a second. */
export interface PublishOrder {
  first: number;
  count: number;
  rate: number | null;
  /** Those that take turns, if not the usual ones. */
  names?: string[];
}

const connection = await connect(process.argv[2] ?? '');
const channel = await connection.createConfirmChannel();
await channel.assertExchange('wazo-headers', 'headers', { durable: true });
const window = 500;

async function publish({ first, count, rate, names }: PublishOrder): Promise<void> {
  const began = preciseNow();
  let unconfirmed = 0;
  let wake: (() => void) | undefined;
  for (let n = 0; n < count; n++) {
    if (rate !== null) {
      const due = began + (n * 1000) / rate;
      while (preciseNow() < due) await sleep(Math.max(0, Math.floor(due - preciseNow())));
    }
    while (unconfirmed >= window) await new Promise<void>((resolve) => (wake = resolve));
    const { name, content, headers } = benchMessage(first + n, preciseNow(), names);
    unconfirmed++;
    channel.publish('wazo-headers', name, content, { persistent: true, headers }, () => {
      unconfirmed--;
      wake?.();
    });
  }
  await channel.waitForConfirms();
  process.send?.({ began, ended: preciseNow() });
}

process.on('message', (order) => void publish(order as PublishOrder));
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
