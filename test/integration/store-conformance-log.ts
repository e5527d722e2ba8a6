/** The second part of what every adapter of the store has to do: the log of attempts, tokens and settings. */
import { describe, expect, test } from 'vitest';
import { attemptOrders, type AttemptQuery, type Store } from '../../dist/store/store.js';
import { otherTenant } from '../support/samples.ts';
import { attemptOf, commitAt } from './store-fill.ts';

/** The log of subscription `a`, the oldest attempt first unless told otherwise. */
const logOf = (store: Store, more: Partial<AttemptQuery> = {}) =>
  store.attempts({
    subscriptionUuid: 'a',
    limit: 10,
    offset: 0,
    order: 'started_at',
    direction: 'asc',
    from: null,
    search: null,
    ...more,
  });

export function describeStoreLog(open: () => Promise<Store>): void {
  describe('the log of attempts', () => {
    /** Three attempts whose values stand in a different order in every column. */
    async function withThree() {
      const store = await open();
      const [one = '', two = '', three = ''] = await commitAt(store, [1, 2, 3], {
        data: '{"id":7}',
      });
      await store.commit({
        events: [],
        attempts: [
          attemptOf(one, {
            startedAt: 100,
            endedAt: 900,
            status: 'success',
            number: 3,
            maxAttempts: 5,
            detail: '{"ok":1}',
          }),
          attemptOf(two, {
            startedAt: 200,
            endedAt: 300,
            status: 'failure',
            number: 1,
            maxAttempts: 9,
          }),
          attemptOf(three, {
            startedAt: 300,
            endedAt: 400,
            status: 'error',
            number: 2,
            maxAttempts: 1,
          }),
        ],
      });
      const list = (more?: Partial<AttemptQuery>) => logOf(store, more);
      return { store, list, ids: [one, two, three] };
    }

    test('have the event’s data back in their detail, where they belong', async () => {
      const store = await open();
      const [id = ''] = await commitAt(store, [1], { data: '{"id":7}' });
      const detail = '{"request_body":null,"response_status_code":200}';
      const attempt = attemptOf(id, { detail, dataKey: 'request_body' });
      await store.commit({ events: [], attempts: [attempt] });
      const whole = { request_body: { id: 7 }, response_status_code: 200 };
      expect((await logOf(store)).items).toMatchObject([{ detail: whole }]);
      expect(await store.delivery(id)).toMatchObject({ attempts: [{ detail: whole }] });
    });

    const startsOf = ({ items }: { items: { startedAt: number }[] }) =>
      items.map(({ startedAt }) => startedAt);

    test('has everything of an attempt, and its event', async () => {
      const { list, ids } = await withThree();
      const { items, filtered } = await list({ limit: 1 });
      expect(filtered).toBe(3);
      expect(items).toEqual([
        {
          deliveryId: ids[0],
          subscriptionUuid: 'a',
          number: 3,
          maxAttempts: 5,
          status: 'success',
          startedAt: 100,
          endedAt: 900,
          detail: { ok: 1 },
          event: { name: 'call_created', data: { id: 7 } },
        },
      ]);
    });

    const sorted: Record<(typeof attemptOrders)[number], number[]> = {
      started_at: [100, 200, 300],
      ended_at: [200, 300, 100],
      status: [300, 200, 100],
      attempts: [200, 300, 100],
      max_attempts: [300, 100, 200],
    };

    test.each(attemptOrders)('can be sorted by %s, both ways', async (order) => {
      const { list } = await withThree();
      expect(startsOf(await list({ order }))).toEqual(sorted[order]);
      expect(startsOf(await list({ order, direction: 'desc' }))).toEqual(
        [...sorted[order]].reverse(),
      );
    });

    test('can be read by pages', async () => {
      const { list } = await withThree();
      expect(startsOf(await list({ limit: 2 }))).toEqual([100, 200]);
      expect(startsOf(await list({ limit: 2, offset: 2 }))).toEqual([300]);
      expect(await list({ limit: 2, offset: 9 })).toEqual({ items: [], filtered: 3 });
      expect(await list({ limit: 0 })).toEqual({ items: [], filtered: 3 });
    });

    test('can begin at a time', async () => {
      const { list } = await withThree();
      const found = await list({ from: 200 });
      expect(startsOf(found)).toEqual([200, 300]);
      expect(found.filtered).toBe(2);
    });

    test('is that of one subscription, and remains when it is deleted', async () => {
      const { store, list } = await withThree();
      expect((await list({ subscriptionUuid: 'b' })).filtered).toBe(0);
      await store.deleteSubscription('a');
      expect((await list()).filtered).toBe(3);
    });
  });

  describe('tokens and settings', () => {
    const token = (uuid: string, createdAt = 1) => ({
      uuid,
      name: 'n',
      hash: `hash of ${uuid}`,
      tenantUuid: otherTenant,
      userUuid: null,
      acl: ['webhookd.subscriptions.#'],
      createdAt,
    });

    test('tokens are listed, the oldest first, and deleted', async () => {
      const store = await open();
      await store.putToken(token('late', 20));
      await store.putToken(token('early', 10));
      expect(await store.tokens()).toEqual([token('early', 10), token('late', 20)]);
      expect(await store.deleteToken('early')).toBe(true);
      expect(await store.deleteToken('early')).toBe(false);
      expect(await store.tokens()).toEqual([token('late', 20)]);
    });

    test('a token keeps its user, and the absence of a tenant', async () => {
      const store = await open();
      const kept = { ...token('a'), tenantUuid: null, userUuid: 'a-user', acl: [] };
      await store.putToken(kept);
      expect(await store.tokens()).toEqual([kept]);
    });

    test('a setting is null until it is put, and the last value counts', async () => {
      const store = await open();
      expect(await store.setting('uuid')).toBeNull();
      await store.putSetting('uuid', 'a');
      await store.putSetting('uuid', 'b');
      expect(await store.setting('uuid')).toBe('b');
    });
  });
}
