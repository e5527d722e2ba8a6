/** The third part of what every adapter of the store has to do: searching the log, and letting go of what is old. */
import { describe, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { PurgeSlice, Store } from '../../dist/store/store.js';
import { sampleRecord, sampleSubscription } from '../support/samples.ts';
import { attemptOf } from './store-fill.ts';

const query = {
  subscriptionUuid: 'a',
  limit: 100,
  offset: 0,
  order: 'started_at',
  direction: 'asc',
  from: null,
  search: null,
} as const;

/** Every slice of a purge. */
async function purge(store: Store, before: number): Promise<PurgeSlice[]> {
  const slices: PurgeSlice[] = [];
  for (let after: string | null = ''; after !== null;) {
    const slice: PurgeSlice = await store.purge({ before, after });
    slices.push(slice);
    after = slice.next;
  }
  return slices;
}

const sum = (slices: PurgeSlice[]) =>
  slices.reduce(
    (all, slice) => ({
      events: all.events + slice.events,
      deliveries: all.deliveries + slice.deliveries,
      attempts: all.attempts + slice.attempts,
    }),
    { events: 0, deliveries: 0, attempts: 0 },
  );

/** An event received at a time, with a delivery for each subscription; the deliveries' ids. */
async function commitEvent(store: Store, at: number, subscriptions: string[]): Promise<string[]> {
  const deliveries = subscriptions.map((subscriptionUuid) => ({
    id: uuidv7({ msecs: at }),
    subscriptionUuid,
  }));
  await store.commit({ events: [sampleRecord([], { receivedAt: at, deliveries })], attempts: [] });
  return deliveries.map(({ id }) => id);
}

export function describeStorePurge(open: () => Promise<Store>): void {
  describe('search in the log', () => {
    async function withLog() {
      const store = await open();
      const entries = [
        {
          name: 'call_created',
          data: '{"who":"Alice Zoë"}',
          detail: '{"error":"timeout: no answer"}',
        },
        {
          name: 'call_ended',
          data: '{"who":"Bob"}',
          detail: '{"request_url":"http://a.example/x"}',
        },
        { name: 'call_ended', data: '{"who":"100%_\\\\"}', detail: '{"response_body":"Carol"}' },
      ];
      for (const [place, { name, data, detail }] of entries.entries()) {
        const id = uuidv7();
        const deliveries = [{ id, subscriptionUuid: 'a' }];
        await store.commit({
          events: [sampleRecord([], { name, data, deliveries })],
          attempts: [attemptOf(id, { startedAt: place, detail })],
        });
      }
      return async (search: string) => {
        const { items, filtered } = await store.attempts({ ...query, search });
        expect(filtered).toBe(items.length);
        return items.map(({ startedAt }) => startedAt);
      };
    }

    test.each([
      ['alice', [0]],
      ['call_ended', [1, 2]],
      ['TIMEOUT', [0]],
      ['ZOË', [0]],
      ['a.example', [1]],
      ['call_ended bob', [1]],
      ['  bob   call_ended ', [1]],
      ['alice bob', []],
      ['%', [2]],
      ['_\\', [2]],
      ['0%_', [2]],
      ['Carol', []],
      ['', [0, 1, 2]],
    ])('%j finds %j', async (search, expected) => {
      expect(await (await withLog())(search)).toEqual(expected);
    });

    test('counts all that fit, however few are asked for', async () => {
      const store = await open();
      for (const at of [1, 2, 3]) {
        const [id = ''] = await commitEvent(store, at, ['a']);
        await store.commit({ events: [], attempts: [attemptOf(id, { startedAt: at })] });
      }
      const { items, filtered } = await store.attempts({
        ...query,
        search: 'call_created',
        limit: 1,
        offset: 1,
      });
      expect({ starts: items.map(({ startedAt }) => startedAt), filtered }).toEqual({
        starts: [2],
        filtered: 3,
      });
    });
  });

  describe('a purge', () => {
    test('removes final deliveries of old events, with attempts and events', async () => {
      const store = await open();
      const [old = ''] = await commitEvent(store, 1_000, ['a']);
      const [young = ''] = await commitEvent(store, 2_000, ['a']);
      const failed = { status: 'failure', number: 1, nextAttemptAt: 5 } as const;
      await store.commit({
        events: [],
        attempts: [
          attemptOf(old, failed),
          attemptOf(old, { number: 2 }),
          attemptOf(young, { number: 1 }),
        ],
      });
      expect(sum(await purge(store, 2_000))).toEqual({ events: 1, deliveries: 1, attempts: 2 });
      const { items } = await store.attempts(query);
      expect(items.map(({ deliveryId }) => deliveryId)).toEqual([young]);
      expect(sum(await purge(store, 2_000))).toEqual({ events: 0, deliveries: 0, attempts: 0 });
      expect(sum(await purge(store, 2_001))).toEqual({ events: 1, deliveries: 1, attempts: 1 });
    });

    test('leaves what is still to be delivered, and its event', async () => {
      const store = await open();
      const [pending = '', done = ''] = await commitEvent(store, 1_000, ['a', 'b']);
      await store.commit({ events: [], attempts: [attemptOf(done, { subscriptionUuid: 'b' })] });
      expect(sum(await purge(store, 9_000))).toEqual({ events: 0, deliveries: 1, attempts: 1 });
      const due = {
        subscriptionUuid: 'a',
        until: 9_000,
        limit: 10,
        maxSize: 1_000_000,
        isOrdered: false,
      };
      expect((await store.dueDeliveries(due)).deliveries).toMatchObject([
        { id: pending, event: { name: 'call_created', data: { id: 1 } } },
      ]);
      await store.commit({ events: [], attempts: [attemptOf(pending, {})] });
      expect(sum(await purge(store, 9_000))).toEqual({ events: 1, deliveries: 1, attempts: 1 });
    });

    test('removes what is parked when it is old', async () => {
      const store = await open();
      await store.putSubscription(
        sampleSubscription({ uuid: 'a', disabled: { reason: 'manual', at: 1 } }),
      );
      await commitEvent(store, 1_000, ['a', 'b']);
      const [slice] = await purge(store, 9_000);
      expect(slice).toMatchObject({ deliveries: 1, parked: 1, events: 0 });
    });

    test('removes what was cancelled with its subscription', async () => {
      const store = await open();
      await commitEvent(store, 1_000, ['a']);
      await store.deleteSubscription('a');
      expect(sum(await purge(store, 9_000))).toEqual({ events: 1, deliveries: 1, attempts: 0 });
    });

    test('of much goes in slices, each of which commits can wait for', async () => {
      const store = await open();
      const count = 20_000;
      for (let first = 0; first < count; first += 500) {
        const events = Array.from({ length: 500 }, (_, place) => {
          const at = 1_000 + first + place;
          const id = uuidv7({ msecs: at });
          return sampleRecord([], {
            receivedAt: at,
            deliveries: [{ id, subscriptionUuid: 'a' }],
          });
        });
        const attempts = events.map(({ deliveries: [delivery] }) =>
          attemptOf(delivery?.id ?? '', { detail: JSON.stringify({ body: 'x'.repeat(300) }) }),
        );
        await store.commit({ events, attempts });
      }
      const slices = await purge(store, 1_000 + count);
      expect(sum(slices)).toEqual({ events: count, deliveries: count, attempts: count });
      expect(slices.length).toBeGreaterThan(3);
      // A machine that stands still for a moment spoils a slice, not all of them.
      const times = slices.map(({ elapsed }) => elapsed).sort((a, b) => a - b);
      expect(times[Math.floor(times.length * 0.8)]).toBeLessThan(50);
    });
  });
}
