/** What every adapter of the store has to do. An adapter's test calls this with a way to open an empty store. */
import { describe, expect, test } from 'vitest';
import type { EventRecord, Store } from '../../dist/store/store.js';
import { otherTenant, sampleRecord, sampleSubscription } from '../support/samples.ts';
import { attemptOf, commitAt } from './store-fill.ts';

export function describeStore(open: () => Promise<Store>): void {
  describe('deliveries', () => {
    test('come back as they were committed, with their event', async () => {
      const store = await open();
      const data = '{"id":1,"text":"ü😀\\u0000","deep":[[null]]}';
      const record = sampleRecord(['a', 'b'], {
        name: 'näme',
        originUuid: null,
        data,
        headers: '{"x":true}',
        receivedAt: 1_234,
      });
      await store.commit({ events: [record], attempts: [] });
      const { deliveries, nextDueAt } = await store.dueDeliveries({
        subscriptionUuid: 'b',
        until: 2_000,
        limit: 10,
        maxSize: 1e6,
        isOrdered: false,
      });
      expect(deliveries).toEqual([
        {
          id: record.deliveries[1]?.id,
          subscriptionUuid: 'b',
          attempts: 0,
          attemptsBefore: 0,
          size: expect.any(Number) as number,
          request: null,
          event: {
            name: 'näme',
            originUuid: null,
            headers: { x: true },
            data: JSON.parse(data) as unknown,
            dataJson: data,
            receivedAt: 1_234,
          },
        },
      ]);
      expect(nextDueAt).toBeNull();
    });

    test('come in the order in which they are due', async () => {
      const store = await open();
      await commitAt(store, [30, 10, 20]);
      const { deliveries } = await due(store, 100);
      expect(deliveries.map(({ event }) => event.receivedAt)).toEqual([10, 20, 30]);
    });

    test('that are not due yet are left out, and the time of the first of them is told', async () => {
      const store = await open();
      await commitAt(store, [10, 20, 500, 400]);
      const { deliveries, nextDueAt } = await due(store, 20);
      expect(deliveries).toHaveLength(2);
      expect(nextDueAt).toBe(400);
    });

    test('beyond the limit are left out, and are due by the time asked for', async () => {
      const store = await open();
      await commitAt(store, [10, 20, 30, 40]);
      const { deliveries, nextDueAt } = await due(store, 100, { limit: 3 });
      expect(deliveries).toHaveLength(3);
      expect(nextDueAt).toBeLessThanOrEqual(100);
      expect((await due(store, 100, { limit: 4 })).deliveries).toHaveLength(4);
    });

    test('beyond the size asked for are left out, but never all of them', async () => {
      const store = await open();
      const large = JSON.stringify('x'.repeat(1_000));
      await commitAt(store, [10, 20, 30], { data: large });
      expect((await due(store, 100, { maxSize: 0 })).deliveries).toHaveLength(1);
      const { deliveries, nextDueAt } = await due(store, 100, { maxSize: 1_500 });
      expect(deliveries).toHaveLength(2);
      expect(nextDueAt).toBeLessThanOrEqual(100);
    });

    test('of others are no business of a subscription', async () => {
      const store = await open();
      await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
      expect(
        await store.dueDeliveries({
          subscriptionUuid: 'b',
          until: 1e9,
          limit: 10,
          maxSize: 1e6,
          isOrdered: false,
        }),
      ).toEqual({ deliveries: [], nextDueAt: null });
    });

    test('of an event that nobody wants any more are none', async () => {
      const store = await open();
      await store.commit({ events: [sampleRecord([])], attempts: [] });
      expect(await store.backlog()).toEqual([]);
    });
  });

  describe('deliveries in the order of their events', () => {
    /** Deliveries 1, 2 and 3, the oldest first, of events of this size; the oldest is due last. */
    async function withThree(size = 10) {
      const store = await open();
      const data = JSON.stringify('x'.repeat(size));
      const events = [30, 10, 20].map((receivedAt, index) =>
        sampleRecord([], {
          data,
          receivedAt,
          deliveries: [{ id: String(index + 1), subscriptionUuid: 'a' }],
        }),
      );
      await store.commit({ events, attempts: [] });
      return async (until: number, more: { limit?: number; maxSize?: number } = {}) => {
        const answer = await due(store, until, { isOrdered: true, ...more });
        return { ids: answer.deliveries.map(({ id }) => id), nextDueAt: answer.nextDueAt };
      };
    }

    test('come by age, whenever they are due', async () => {
      const ask = await withThree();
      expect(await ask(30)).toEqual({ ids: ['1', '2', '3'], nextDueAt: null });
    });

    test('wait for the oldest', async () => {
      const ask = await withThree();
      expect(await ask(29)).toEqual({ ids: [], nextDueAt: 30 });
    });

    test('beyond the limit or the size asked for are left out, but never all of them', async () => {
      const ask = await withThree(1_000);
      expect((await ask(30, { limit: 2 })).ids).toEqual(['1', '2']);
      for (const [maxSize, ids] of [
        [1, ['1']],
        [1_500, ['1', '2']],
      ] as const) {
        const answer = await ask(30, { limit: 1_000, maxSize });
        expect(answer.ids).toEqual(ids);
        expect(answer.nextDueAt).toBeLessThanOrEqual(30);
      }
    });
  });

  describe('an attempt', () => {
    test('that failed makes the delivery due later, with one attempt more', async () => {
      const store = await open();
      const [id = ''] = await commitAt(store, [10]);
      await store.commit({
        events: [],
        attempts: [attemptOf(id, { status: 'failure', number: 1, nextAttemptAt: 5_000 })],
      });
      expect(await due(store, 4_999)).toEqual({ deliveries: [], nextDueAt: 5_000 });
      expect((await due(store, 5_000)).deliveries).toMatchObject([{ id, attempts: 1 }]);
    });

    test.each(['success', 'error', 'failure'] as const)(
      'that is the last one, with %s, ends the delivery',
      async (status) => {
        const store = await open();
        const [id = ''] = await commitAt(store, [10]);
        await store.commit({
          events: [],
          attempts: [attemptOf(id, { status, nextAttemptAt: null })],
        });
        expect(await due(store, 1e9)).toEqual({ deliveries: [], nextDueAt: null });
        expect(await store.backlog()).toEqual([]);
      },
    );

    test('may be committed together with the event it is for', async () => {
      const store = await open();
      const record = sampleRecord(['a']);
      const [delivery] = record.deliveries;
      await store.commit({ events: [record], attempts: [attemptOf(delivery?.id ?? '', {})] });
      expect(await store.backlog()).toEqual([]);
    });
  });

  describe('after the clock was set back', () => {
    test('what waits for its first attempt is due at once', async () => {
      const store = await open();
      await commitAt(store, [10_000]);
      expect(await store.mendSchedule(400)).toBe(1);
      expect((await due(store, 400)).deliveries).toHaveLength(1);
    });

    test('a pause that began in the future begins now, others stay as they are', async () => {
      const store = await open();
      const [future = '', past = ''] = await commitAt(store, [10, 20]);
      const failed = { status: 'failure', number: 1 } as const;
      await store.commit({
        events: [],
        attempts: [
          attemptOf(future, { ...failed, endedAt: 10_000, nextAttemptAt: 10_300 }),
          attemptOf(past, { ...failed, endedAt: 350, nextAttemptAt: 900 }),
        ],
      });
      expect(await store.mendSchedule(400)).toBe(1);
      expect(await due(store, 699)).toEqual({ deliveries: [], nextDueAt: 700 });
      expect((await due(store, 700)).deliveries).toMatchObject([{ id: future }]);
      expect((await due(store, 900)).deliveries).toHaveLength(2);
      expect(await store.mendSchedule(400)).toBe(0);
    });
  });

  describe('a commit', () => {
    test('that fails leaves nothing behind', async () => {
      const store = await open();
      const good = sampleRecord(['a'], { fingerprint: 'good' });
      const bad = { ...sampleRecord(['a']), name: null } as unknown as EventRecord;
      await expect(store.commit({ events: [good, bad], attempts: [] })).rejects.toThrow();
      expect(await store.backlog()).toEqual([]);
      expect(await store.recentFingerprints(10)).toEqual([]);
      await store.commit({ events: [good], attempts: [] });
      expect(await store.backlog()).toHaveLength(1);
    });

    test('with a delivery that exists already is refused', async () => {
      const store = await open();
      const record = sampleRecord(['a']);
      await store.commit({ events: [record], attempts: [] });
      await expect(store.commit({ events: [record], attempts: [] })).rejects.toThrow();
    });

    test('of nothing is fine', async () => {
      const store = await open();
      await expect(store.commit({ events: [], attempts: [] })).resolves.toBeUndefined();
    });
  });

  describe('what is remembered for a restart', () => {
    test('the backlog: subscriptions with deliveries that wait, and when the first is due', async () => {
      const store = await open();
      await store.commit({
        events: [
          sampleRecord(['a', 'b'], { receivedAt: 50 }),
          sampleRecord(['a'], { receivedAt: 20 }),
        ],
        attempts: [],
      });
      const backlog = await store.backlog();
      expect(backlog.sort((one, other) => one.dueAt - other.dueAt)).toEqual([
        { subscriptionUuid: 'a', dueAt: 20 },
        { subscriptionUuid: 'b', dueAt: 50 },
      ]);
    });

    test('the fingerprints of the events kept last, oldest first', async () => {
      const store = await open();
      const events = ['1', '2', null, '3', '4'].map((fingerprint) =>
        sampleRecord([], { fingerprint }),
      );
      await store.commit({ events, attempts: [] });
      expect(await store.recentFingerprints(100)).toEqual(['1', '2', '3', '4']);
      expect(await store.recentFingerprints(2)).toEqual(['3', '4']);
      expect(await store.recentFingerprints(0)).toEqual([]);
    });
  });

  describe('subscriptions', () => {
    test('come back as they were put, in the order in which they were made', async () => {
      const store = await open();
      const full = sampleSubscription({
        config: { url: 'http://x', deep: { list: [1, null] } },
        events: ['a', 'b'],
        eventsUserUuid: 'u',
        eventsWazoUuid: 'w',
        ownerUserUuid: 'o',
        ownerTenantUuid: otherTenant,
        metadata: { 'any key': '😀' },
      });
      const plain = sampleSubscription({ events: [] });
      await store.putSubscription(full);
      await store.putSubscription(plain);
      expect(await store.subscriptions()).toEqual([full, plain]);
    });

    test('are replaced by what has the same uuid, in their place', async () => {
      const store = await open();
      const [one, other] = [sampleSubscription(), sampleSubscription()];
      await store.putSubscription(one);
      await store.putSubscription(other);
      const changed = { ...one, name: 'changed', events: ['x'], eventsUserUuid: 'u' };
      await store.putSubscription(changed);
      expect(await store.subscriptions()).toEqual([changed, other]);
    });

    test('that are deleted are gone, and their waiting deliveries cancelled, those of others not', async () => {
      const store = await open();
      const gone = sampleSubscription({ uuid: 'gone' });
      await store.putSubscription(gone);
      await store.commit({ events: [sampleRecord(['gone', 'stays'])], attempts: [] });
      await store.deleteSubscription('gone');
      expect(await store.subscriptions()).toEqual([]);
      expect((await store.backlog()).map(({ subscriptionUuid }) => subscriptionUuid)).toEqual([
        'stays',
      ]);
    });

    test('an attempt that ends after the deletion does not bring its delivery back', async () => {
      const store = await open();
      const [id = ''] = await commitAt(store, [10]);
      await store.deleteSubscription('a');
      await store.commit({
        events: [],
        attempts: [attemptOf(id, { status: 'failure', nextAttemptAt: 50 })],
      });
      expect(await store.backlog()).toEqual([]);
    });

    test('deleting one that is not there is fine', async () => {
      const store = await open();
      await expect(store.deleteSubscription('nobody')).resolves.toBeUndefined();
    });
  });

  describe('announcements', () => {
    test('become durable with the change they tell of, come back in their order, and go when they are deleted', async () => {
      const store = await open();
      const subscription = sampleSubscription();
      await store.putSubscription(subscription, ['made', 'disabled']);
      await store.addAnnouncements(['fails']);
      await store.deleteSubscription(subscription.uuid, ['gone']);
      const all = await store.announcements(10);
      expect(all.map(({ message }) => message)).toEqual(['made', 'disabled', 'fails', 'gone']);
      expect(await store.announcements(2)).toEqual(all.slice(0, 2));
      await store.deleteAnnouncements(all.slice(0, 3).map(({ id }) => id));
      expect(await store.announcements(10)).toEqual(all.slice(3));
    });
  });

  test('a store that was closed refuses what is asked of it, and may be closed again', async () => {
    const store = await open();
    await store.close();
    await expect(store.backlog()).rejects.toThrow(/closed/);
    await expect(store.close()).resolves.toBeUndefined();
  });
}

const due = (
  store: Store,
  until: number,
  more: { limit?: number; maxSize?: number; isOrdered?: boolean } = {},
) =>
  store.dueDeliveries({
    subscriptionUuid: 'a',
    until,
    limit: 10,
    maxSize: 1e6,
    isOrdered: false,
    ...more,
  });
