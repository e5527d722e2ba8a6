/** The fourth part of what every adapter of the store has to do: taking deliveries up again. */
import { describe, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { Replay } from '../../dist/model.js';
import type { Store } from '../../dist/store/store.js';
import { sampleRecord, sampleSubscription } from '../support/samples.ts';
import { attemptOf } from './store-fill.ts';

const due = { subscriptionUuid: 'a', limit: 100, maxSize: 1e6, isOrdered: false };

/** Deliveries for `a`, with ids that grow. */
async function fill(store: Store, count: number, { name = 'x', at = 1_000 } = {}) {
  const deliveries = Array.from({ length: count }, (_, index) => ({
    id: uuidv7({ msecs: at + index }),
    subscriptionUuid: 'a',
  }));
  await store.commit({
    events: deliveries.map((delivery, index) =>
      sampleRecord([], { name, receivedAt: at + index, deliveries: [delivery] }),
    ),
    attempts: [],
  });
  return deliveries.map(({ id }) => id);
}

const fail = (store: Store, ids: string[], nextAttemptAt: number | null, number = 1) =>
  store.commit({
    events: [],
    attempts: ids.map((id) => attemptOf(id, { status: 'failure', number, nextAttemptAt })),
  });

const replayOf = (more: Partial<Replay> = {}): Replay => ({
  id: 'r',
  subscriptionUuid: 'a',
  selection: { statuses: ['failed'], events: [], since: null, until: null },
  status: 'running',
  total: 0,
  done: 0,
  after: '',
  createdAt: 1,
  endedAt: null,
  ...more,
});

export function describeStoreRedelivery(open: () => Promise<Store>): void {
  describe('a delivery that is retried by hand', () => {
    test('is due now, with all of its schedule ahead, whether it failed or waits', async () => {
      const store = await open();
      const [ended = '', waiting = ''] = await fill(store, 2);
      await fail(store, [ended], null);
      await fail(store, [waiting], 99_000);
      for (const id of [ended, waiting]) expect(await store.retryDelivery(id, 5_000)).toBe(true);
      const { deliveries } = await store.dueDeliveries({ ...due, until: 5_000 });
      expect(
        deliveries.map(({ id, attempts, attemptsBefore }) => [id, attempts, attemptsBefore]),
      ).toEqual([
        [ended, 1, 1],
        [waiting, 1, 1],
      ]);
      expect(await store.retryDelivery('nobody', 5_000)).toBe(false);
    });

    test('after it was cancelled during an attempt has that one counted, and goes on after it', async () => {
      const store = await open();
      const [id = ''] = await fill(store, 1);
      await store.cancelDelivery(id);
      await fail(store, [id], 99_000);
      expect((await store.delivery(id))?.delivery).toMatchObject({
        status: 'cancelled',
        attempts: 1,
        nextAttemptAt: null,
      });
      await store.retryDelivery(id, 5_000);
      const { deliveries } = await store.dueDeliveries({ ...due, until: 5_000 });
      expect(deliveries).toMatchObject([{ id, attempts: 1, attemptsBefore: 1 }]);
      await store.commit({ events: [], attempts: [attemptOf(id, { number: 2 })] });
      expect(await store.backlog()).toEqual([]);
      const { delivery, attempts = [] } = (await store.delivery(id)) ?? {};
      expect(delivery).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(attempts.map(({ number }) => number)).toEqual([1, 2]);
    });
  });

  test('parked deliveries are hastened: what waits for a later attempt is due in its turn', async () => {
    const store = await open();
    const ids = await fill(store, 4);
    await fail(store, ids.slice(0, 1), 99_000);
    await fail(store, ids.slice(3), null);
    await store.hastenParked('a', 5_000);
    const { deliveries, nextDueAt } = await store.dueDeliveries({ ...due, until: 5_000 });
    expect(deliveries.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(nextDueAt).toBeNull();
  });

  test('parked deliveries whose event came later than it is now are hastened too', async () => {
    const store = await open();
    const [id = ''] = await fill(store, 1, { at: 7_000 });
    await fail(store, [id], 99_000);
    await store.hastenParked('a', 5_000);
    expect((await store.dueDeliveries({ ...due, until: 5_000 })).deliveries).toMatchObject([
      { id },
    ]);
  });

  describe('a replay', () => {
    test('takes up so many at a time, the oldest first, and knows where it was', async () => {
      const store = await open();
      const ids = await fill(store, 5);
      await fail(store, ids, null);
      let replay = replayOf();
      await store.putReplay(replay);
      replay = await store.advanceReplay(replay, 2, 5_000);
      expect(replay).toMatchObject({ done: 2, status: 'running' });
      expect(await store.replay('r')).toEqual(replay);
      const { deliveries } = await store.dueDeliveries({ ...due, until: 5_000 });
      expect(deliveries.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      while (replay.status === 'running') replay = await store.advanceReplay(replay, 2, 6_000);
      expect(replay).toMatchObject({ done: 5, status: 'done', endedAt: 6_000 });
    });

    test('of few among many ends as well, a slice at a time', async () => {
      const store = await open();
      const many = await fill(store, 4_500);
      const rare = await fill(store, 3, { name: 'rare', at: 100_000 });
      await fail(store, [...many, ...rare], null);
      const selection = { ...replayOf().selection, events: ['rar*'] };
      let replay = replayOf({ selection });
      await store.putReplay(replay);
      let slices = 0;
      for (; replay.status === 'running'; slices++)
        replay = await store.advanceReplay(replay, 100, 200_000);
      expect(replay).toMatchObject({ done: 3, status: 'done' });
      expect(slices).toBe(3);
    });

    test('ends with its subscription', async () => {
      const store = await open();
      await store.putSubscription(sampleSubscription({ uuid: 'a' }));
      const ids = await fill(store, 3);
      await fail(store, ids, null);
      const replay = replayOf();
      await store.putReplay(replay);
      await store.deleteSubscription('a');
      expect(await store.advanceReplay(replay, 10, 5_000)).toMatchObject({
        status: 'cancelled',
        done: 0,
      });
      expect((await store.dueDeliveries({ ...due, until: 9_000 })).deliveries).toEqual([]);
    });
  });
}
