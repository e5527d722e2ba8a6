import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Retention } from '../../dist/deliveries/retention.js';
import { StoreUnavailable, type PurgeQuery, type PurgeSlice } from '../../dist/store/store.js';
import { readableLog, silentLog } from '../support/logs.ts';

const day = 86_400_000;
const none = { events: 0, deliveries: 0, attempts: 0, parked: 0, replays: 0, used: 0 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A store that notes what it is asked and answers with these slices, the last one again and again. */
function setUp(days: number | null, slices: (PurgeSlice | Error)[] = [{ ...none, next: null }]) {
  const asked: PurgeQuery[] = [];
  const store = {
    purge: (query: PurgeQuery) => {
      asked.push(query);
      const slice = slices.length > 1 ? slices.shift() : slices[0];
      return slice instanceof Error || slice === undefined
        ? Promise.reject(slice ?? new Error('no slice'))
        : Promise.resolve(slice);
    },
    size: () => Promise.resolve({ total: 0, free: 0, log: 0 }),
    shrink: () => Promise.resolve(0),
  };
  const onPurged = () => undefined;
  const retention = new Retention({ store, days, maxSize: null, onPurged, log: silentLog });
  return { asked, retention };
}

test('purges soon after the start, and then once a day', async () => {
  const { asked, retention } = setUp(30);
  retention.start();
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(asked).toHaveLength(1);
  expect(Date.now() - (asked[0]?.before ?? 0)).toBeGreaterThanOrEqual(30 * day);
  await vi.advanceTimersByTimeAsync(2 * day);
  expect(asked).toHaveLength(3);
  await retention.stop();
  await vi.advanceTimersByTimeAsync(3 * day);
  expect(asked).toHaveLength(3);
});

test('keeps everything when it is told to', async () => {
  const { asked, retention } = setUp(null);
  retention.start();
  await vi.advanceTimersByTimeAsync(10 * day);
  expect(asked).toEqual([]);
});

test('goes from slice to slice, with a pause for commits, and adds up', async () => {
  const { asked, retention } = setUp(30, [
    { ...none, events: 1, deliveries: 2, attempts: 3, parked: 1, next: 'b' },
    { ...none, events: 1, deliveries: 1, attempts: 1, parked: 1, replays: 200, next: 'c' },
    { ...none, replays: 3, next: null },
  ]);
  const purged = retention.purge(7);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.map(({ after }) => after)).toEqual(['']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.map(({ after }) => after)).toEqual(['', 'b', 'c']);
  expect(await purged).toEqual({
    events: 2,
    deliveries: 3,
    attempts: 4,
    parked: 2,
    replays: 203,
  });
});

test('two purges run one after the other', async () => {
  const { asked, retention } = setUp(30, [
    { ...none, next: 'b' },
    { ...none, next: null },
  ]);
  const both = Promise.all([retention.purge(7), retention.purge(1)]);
  await vi.advanceTimersByTimeAsync(1_000);
  await both;
  expect(asked.map(({ after }) => after)).toEqual(['', 'b', '']);
});

test('a store that is unavailable fails one purge, and the next day’s is made', async () => {
  const { asked, retention } = setUp(30, [
    new StoreUnavailable('disk full'),
    { ...none, next: null },
  ]);
  await expect(retention.purge(7)).rejects.toThrow('disk full');
  retention.start();
  await vi.advanceTimersByTimeAsync(day / 2);
  expect(asked).toHaveLength(2);
});

test('stops after a slice', async () => {
  const { asked, retention } = setUp(30, [{ ...none, next: 'again' }]);
  const purged = retention.purge(7);
  await vi.advanceTimersByTimeAsync(100);
  const stopped = retention.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all([purged, stopped]);
  const count = asked.length;
  await vi.advanceTimersByTimeAsync(day);
  expect(asked).toHaveLength(count);
});

test('looks how large the store is, one look after the other, until it is stopped', async () => {
  let looks = 0;
  let answer: (() => void) | undefined;
  const store = {
    purge: () => Promise.resolve({ ...none, next: null }),
    size: () => {
      looks++;
      return new Promise<{ total: number; free: number; log: number }>((resolve) => {
        answer = () => resolve({ total: 10, free: 0, log: 0 });
      });
    },
    shrink: () => Promise.resolve(0),
  };
  const onPurged = () => undefined;
  const retention = new Retention({ store, days: null, maxSize: 100, onPurged, log: silentLog });
  retention.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(1);
  answer?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(2);
  answer?.();
  await retention.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(2);
});

test('a store that cannot say how large it is, is asked again, and that is told once', async () => {
  const { log, lines } = readableLog();
  let looks = 0;
  const store = {
    purge: () => Promise.resolve({ ...none, next: null }),
    size: () => {
      looks++;
      return Promise.reject(new StoreUnavailable('gone'));
    },
    shrink: () => Promise.resolve(0),
  };
  const onPurged = () => undefined;
  const retention = new Retention({ store, days: null, maxSize: 100, onPurged, log });
  retention.start();
  await vi.advanceTimersByTimeAsync(10_000);
  await retention.stop();
  expect(looks).toBeGreaterThan(5);
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('gone')]);
});
