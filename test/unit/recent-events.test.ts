import { expect, test } from 'vitest';
import { RecentEvents } from '../../dist/deliveries/recent-events.js';
import type { Cradle } from '../../dist/daemon/cradle.js';
import { deliveryMakers } from '../../dist/daemon/makers/deliveries.js';
import { busConfig } from '../support/config.ts';

test('remembers what was added, and nothing else', () => {
  const recent = new RecentEvents(10);
  recent.add('a');
  expect(recent.has('a')).toBe(true);
  expect(recent.has('b')).toBe(false);
});

test('remembers the last ones, as many as it has capacity for, and never twice as many', () => {
  const capacity = 5;
  const recent = new RecentEvents(capacity);
  for (let last = 0; last < 50; last++) {
    recent.add(`${last}`);
    const known = Array.from({ length: last + 1 }, (_, n) => n).filter((n) => recent.has(`${n}`));
    const newest = Array.from({ length: known.length }, (_, n) => last - known.length + 1 + n);
    expect(known).toEqual(newest);
    expect(known.length).toBeGreaterThanOrEqual(Math.min(capacity, last + 1));
    expect(known.length).toBeLessThanOrEqual(2 * capacity);
  }
});

test('forgets what is deleted, however long ago it was added', () => {
  const recent = new RecentEvents(2);
  for (const fingerprint of ['a', 'b', 'c']) recent.add(fingerprint);
  recent.delete('a');
  recent.delete('c');
  expect(['a', 'b', 'c'].map((fingerprint) => recent.has(fingerprint))).toEqual([
    false,
    true,
    false,
  ]);
});

test('as many are remembered as the broker may have handed over and lost acks of', () => {
  const capacity = (prefetch: number) => {
    const config = { bus: { ...busConfig(), prefetch } };
    return deliveryMakers.recent({ config } as unknown as Cradle).capacity;
  };
  expect(capacity(200)).toBe(10_000);
  expect(capacity(65_535)).toBe(131_070);
});
