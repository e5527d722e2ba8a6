import { expect, test } from 'vitest';
import type { OutgoingEvent } from '../../dist/bus/message.js';
import { Outbox, packAnnouncement } from '../../dist/bus/outbox.js';
import { readableLog } from '../support/logs.ts';
import { until } from '../support/wait.ts';

/** An outbox between a store that is a list and a broker that may be away. */
function setUp(...names: string[]) {
  const kept = names.map((name, id) => ({ id, message: packAnnouncement({ name, data: null }) }));
  const published: { event: OutgoingEvent; messageId: string }[] = [];
  const tried: string[] = [];
  const broker = { isAway: false };
  const { log, lines } = readableLog();
  const outbox = new Outbox({
    store: {
      announcements: (limit) => Promise.resolve(kept.slice(0, limit)),
      deleteAnnouncements: (ids) => {
        for (const id of ids)
          kept.splice(
            kept.findIndex((one) => one.id === id),
            1,
          );
        return Promise.resolve();
      },
    },
    publish: (event, messageId) => {
      tried.push(messageId);
      if (broker.isAway) return Promise.reject(new Error('nobody there'));
      published.push({ event, messageId });
      return Promise.resolve();
    },
    maxDelay: 10,
    log,
  });
  return { outbox, kept, published, tried, broker, lines };
}

test('what is kept is published in its order, with the time when it happened, and let go of', async () => {
  const before = Date.now();
  const { outbox, kept, published } = setUp('a', 'b', 'c');
  outbox.wake();
  await until('all are published', () => kept.length === 0);
  expect(published.map(({ event }) => event.name)).toEqual(['a', 'b', 'c']);
  const at = Date.parse(published[0]?.event.headers?.['timestamp'] as string);
  expect(at).toBeGreaterThanOrEqual(before);
  outbox.stop();
  await outbox.ended();
});

test('while the broker is away it is kept, tried again as the same message, and told once', async () => {
  const { outbox, kept, published, tried, broker, lines } = setUp('a');
  broker.isAway = true;
  outbox.wake();
  await until('it was tried again', () => tried.length >= 3);
  expect(kept).toHaveLength(1);
  expect(lines.map(({ msg }) => msg)).toEqual([
    'the bus cannot be told of changes, they are kept: nobody there',
  ]);
  broker.isAway = false;
  await until('it is published', () => kept.length === 0);
  expect(published).toHaveLength(1);
  expect(new Set(tried).size).toBe(1);
  outbox.stop();
  await outbox.ended();
});

test('what comes while it publishes is published too', async () => {
  const { outbox, kept, published } = setUp('a');
  outbox.wake();
  kept.push({ id: 1, message: packAnnouncement({ name: 'b', data: null }) });
  outbox.wake();
  await until('both are published', () => published.length === 2);
  await outbox.ended();
  kept.push({ id: 2, message: packAnnouncement({ name: 'c', data: null }) });
  outbox.wake();
  await until('the third is published', () => published.length === 3);
  outbox.stop();
  await outbox.ended();
});
