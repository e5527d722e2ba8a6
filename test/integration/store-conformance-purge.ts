/** The third part of what every adapter of the store has to do: searching the log, and letting go of what is old. */
import { describe, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { Replay } from '../../dist/model.js';
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
async function purge(
  store: Store,
  before: number,
  { takesParked = true, downTo = null }: { takesParked?: boolean; downTo?: number | null } = {},
): Promise<PurgeSlice[]> {
  const slices: PurgeSlice[] = [];
  for (let after: string | null = ''; after !== null;) {
    const slice: PurgeSlice = await store.purge({ before, after, takesParked, downTo });
    slices.push(slice);
    if (downTo !== null && slice.used <= downTo) return slices;
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

/** A replay, ended or not; its id. */
async function putReplay(
  store: Store,
  { createdAt, endedAt }: Pick<Replay, 'createdAt' | 'endedAt'>,
): Promise<string> {
  const id = uuidv7({ msecs: createdAt });
  await store.putReplay({
    id,
    subscriptionUuid: 'a',
    selection: { statuses: ['failed'], events: [], since: null, until: null },
    status: endedAt === null ? 'running' : 'done',
    total: 0,
    done: 0,
    after: '',
    createdAt,
    endedAt,
  });
  return id;
}

/** Final deliveries of as many events, one received each millisecond from a time on. */
async function commitFinal(store: Store, from: number, count: number): Promise<void> {
  for (let first = 0; first < count; first += 500) {
    const events = Array.from({ length: Math.min(500, count - first) }, (_, place) => {
      const at = from + first + place;
      const deliveries = [{ id: uuidv7({ msecs: at }), subscriptionUuid: 'a' }];
      return sampleRecord([], { receivedAt: at, deliveries });
    });
    const attempts = events.map(({ deliveries: [delivery] }) =>
      attemptOf(delivery?.id ?? '', { detail: JSON.stringify({ body: 'x'.repeat(300) }) }),
    );
    await store.commit({ events, attempts });
  }
}

const usedOf = async (store: Store): Promise<number> => {
  const { total, free } = await store.size();
  return total - free;
};

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

    test('leaves what is parked when it is told to', async () => {
      const store = await open();
      await store.putSubscription(
        sampleSubscription({ uuid: 'a', disabled: { reason: 'manual', at: 1 } }),
      );
      await commitEvent(store, 1_000, ['a']);
      const [slice] = await purge(store, 9_000, { takesParked: false });
      expect(slice).toMatchObject({ deliveries: 0, parked: 0, events: 0 });
    });

    test('an attempt that ends when its delivery is gone leaves nothing behind', async () => {
      const store = await open();
      const disabled = { reason: 'manual', at: 1 } as const;
      await store.putSubscription(sampleSubscription({ uuid: 'a', disabled }));
      const [id = ''] = await commitEvent(store, 1_000, ['a']);
      await purge(store, 9_000);
      const requests = [{ id: uuidv7(), request: '{}' }];
      await store.commit({ events: [], attempts: [attemptOf(id, { requests })] });
      expect(await store.attempts(query)).toEqual({ items: [], filtered: 0 });
      expect(await store.backlog()).toEqual([]);
    });

    test('removes what was cancelled with its subscription', async () => {
      const store = await open();
      await commitEvent(store, 1_000, ['a']);
      await store.deleteSubscription('a');
      expect(sum(await purge(store, 9_000))).toEqual({ events: 1, deliveries: 1, attempts: 0 });
    });

    test('removes replays that ended before that time, and none that runs', async () => {
      const store = await open();
      const old = await putReplay(store, { createdAt: 1_000, endedAt: 1_999 });
      const running = await putReplay(store, { createdAt: 1_000, endedAt: null });
      const justEnded = await putReplay(store, { createdAt: 1_000, endedAt: 2_000 });
      const [slice] = await purge(store, 2_000);
      expect(slice).toMatchObject({ replays: 1, next: null });
      expect(await store.replay(old)).toBeNull();
      const left = (await store.replays()).map(({ id }) => id);
      expect(left.sort()).toEqual([running, justEnded].sort());
      expect((await purge(store, 2_001)).map(({ replays }) => replays)).toEqual([1]);
    });

    test('of many replays goes in slices too', async () => {
      const store = await open();
      const count = 250;
      for (let place = 0; place < count; place++)
        await putReplay(store, { createdAt: 1_000 + place, endedAt: 1_500 });
      const slices = await purge(store, 9_000);
      expect(slices.length).toBeGreaterThan(1);
      expect(slices.reduce((total, { replays }) => total + replays, 0)).toBe(count);
      expect(await store.replays()).toEqual([]);
    });

    test('of much goes in slices, each of which commits can wait for', async () => {
      const store = await open();
      const count = 20_000;
      await commitFinal(store, 1_000, count);
      const slices = await purge(store, 1_000 + count);
      expect(sum(slices)).toEqual({ events: count, deliveries: count, attempts: count });
      // How long they take is measured by the benchmark of the retention.
      expect(Math.max(...slices.map(({ deliveries }) => deliveries))).toBeLessThanOrEqual(1_000);
    });

    test('by size ends when it fits, and leaves the youngest', async () => {
      const store = await open();
      await commitFinal(store, 1_000, 4_000);
      const downTo = (await usedOf(store)) / 2;
      const slices = await purge(store, 9_000, { downTo });
      expect(slices.at(-1)?.used).toBe(await usedOf(store));
      expect(slices.at(-1)?.used).toBeLessThanOrEqual(downTo);
      const { deliveries: gone } = sum(slices);
      // About a half of them; how full pages are is the store's own affair.
      expect(gone).toBeGreaterThan(1_000);
      expect(gone).toBeLessThan(3_000);
      const { items, filtered } = await store.attempts({ ...query, limit: 1 });
      expect(filtered).toBe(4_000 - gone);
      const [oldest] = items;
      const left = oldest && (await store.delivery(oldest.deliveryId));
      expect(left?.delivery.event.receivedAt).toBe(1_000 + gone);
    });

    test('by size takes the replays that are older than what is left', async () => {
      const store = await open();
      const old = await putReplay(store, { createdAt: 999, endedAt: 6_000 });
      await commitFinal(store, 1_000, 4_000);
      const young = await putReplay(store, { createdAt: 5_500, endedAt: 6_000 });
      await purge(store, 9_000, { downTo: (await usedOf(store)) / 2 });
      expect((await store.replays()).map(({ id }) => id)).toEqual([young]);
      expect(await store.replay(old)).toBeNull();
    });

    test('by size of what fits removes nothing', async () => {
      const store = await open();
      await commitFinal(store, 1_000, 100);
      const slices = await purge(store, 9_000, { downTo: await usedOf(store) });
      expect(sum(slices)).toEqual({ events: 0, deliveries: 0, attempts: 0 });
    });
  });

  describe('the size', () => {
    test('does not grow while as much goes as comes', async () => {
      const store = await open();
      await commitFinal(store, 1_000, 2_000);
      const { total } = await store.size();
      for (let round = 1; round <= 5; round++) {
        await purge(store, 1_000 + (round - 1) * 1_000 + 1_000);
        await commitFinal(store, 2_000 + round * 1_000, 1_000);
      }
      const size = await store.size();
      expect(size.total).toBeLessThan(total * 1.05);
      expect(size.free).toBeLessThan(size.total);
      expect(size.log).toBeGreaterThan(0);
    });

    test('shrinks when it is told to, a little at a time, and loses nothing', async () => {
      const store = await open();
      await commitFinal(store, 1_000, 6_000);
      await purge(store, 5_000);
      const before = await store.size();
      expect(before.free).toBeGreaterThan(before.total / 3);
      const to = before.total - before.free / 2;
      const totals = [before.total];
      for (let last = Infinity; (totals.at(-1) ?? 0) < last && (totals.at(-1) ?? 0) > to;) {
        last = totals.at(-1) ?? 0;
        totals.push(await store.shrink(to));
      }
      expect((await store.size()).total).toBe(totals.at(-1));
      expect(totals.at(-1)).toBeLessThanOrEqual(to);
      expect(await store.shrink(0)).toBeLessThan(to);
      expect((await store.attempts(query)).filtered).toBe(2_000);
    });
  });
}
