/** A subscription with nothing but failures: when people are warned, and when it is disabled. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Health } from '../../dist/deliveries/health.js';
import type { AttemptResult } from '../../dist/deliveries/runner.js';
import type { Failing } from '../../dist/store/store.js';
import { silentLog } from '../support/logs.ts';
import { sampleSubscription } from '../support/samples.ts';

const day = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(kept: Iterable<Failing> = []) {
  const subscription = sampleSubscription({ uuid: 'a' });
  /** As it is at present. */
  const present = { a: subscription };
  const known = new Map([...kept].map((failing) => [failing.subscriptionUuid, failing]));
  /** What was told, with the day. */
  const told: string[] = [];
  const began = Date.now();
  const tell = (what: string) => told.push(`${what} ${Math.round((Date.now() - began) / day)}`);
  const health = new Health({
    store: {
      failing: () => Promise.resolve([...known.values()]),
      putFailing: (failing) => {
        known.set(failing.subscriptionUuid, failing);
        return Promise.resolve();
      },
      deleteFailing: (uuid) => {
        known.delete(uuid);
        return Promise.resolve();
      },
    },
    disableAfter: 10 * day,
    disablesGone: true,
    disable: (_uuid, reason) => {
      tell(reason);
      return Promise.resolve();
    },
    find: (uuid) => (uuid === 'a' ? present.a : undefined),
    warn: (_subscription, { warned }) => tell(`warned at ${warned} %`),
    log: silentLog,
  });
  const record = (more: Partial<AttemptResult> = {}, to = subscription) =>
    health.record(to, {
      status: 'failure',
      detail: '{}',
      dataKey: null,
      after: undefined,
      endpoint: undefined,
      requests: [],
      ...more,
    });
  return { health, record, told, known, present };
}

test('warnings come at their time, with or without attempts; a failure after the time disables', async () => {
  const { health, record, told } = setUp();
  health.start();
  record();
  await vi.advanceTimersByTimeAsync(20 * day);
  expect(told).toEqual(['warned at 50 % 5', 'warned at 90 % 9']);
  record();
  expect(told.slice(2)).toEqual(['failing 20']);
  health.stop();
});

test('a success in between begins anew', async () => {
  const { health, record, told, known } = setUp();
  health.start();
  record();
  await vi.advanceTimersByTimeAsync(6 * day);
  record({ status: 'success' });
  expect(known.size).toBe(0);
  record();
  await vi.advanceTimersByTimeAsync(4 * day);
  record();
  expect(told).toEqual(['warned at 50 % 5']);
  health.stop();
});

test('what was known before a restart goes on', async () => {
  const { health, told } = setUp([
    { subscriptionUuid: 'a', since: Date.now() - 6 * day, warned: 50 },
  ]);
  await health.load();
  health.start();
  await vi.advanceTimersByTimeAsync(5 * day);
  expect(told).toEqual(['warned at 90 % 3']);
  health.stop();
});

test.each([-20, 20])('a clock that is set by %i days disables nobody', async (days) => {
  const { health, record, told, known } = setUp();
  record();
  await vi.advanceTimersByTimeAsync(day);
  record();
  vi.setSystemTime(Date.now() + days * day);
  // The clock is not looked at all the time.
  record();
  health.clockSet();
  record();
  expect(told).toEqual([]);
  expect(known.get('a')?.since).toBe(Date.now() - day);

  const restarted = setUp(known.values());
  await restarted.health.load();
  await vi.advanceTimersByTimeAsync(8 * day);
  restarted.record();
  await vi.advanceTimersByTimeAsync(day);
  restarted.record();
  expect(restarted.told).toEqual(['warned at 90 % 8', 'failing 9']);
});

test('what was known before a restart with a clock that is behind has lasted for no time yet', async () => {
  const { health, record, told, known } = setUp([
    { subscriptionUuid: 'a', since: Date.now() + 100 * day, warned: 0 },
  ]);
  await health.load();
  vi.setSystemTime(Date.now() + 200 * day);
  health.clockSet();
  record();
  expect(told).toEqual([]);
  expect(known.get('a')?.since).toBe(Date.now());
});

test('an endpoint that is gone disables at once; a handler cannot be disabled', () => {
  const { record, told, known } = setUp();
  record({ status: 'error', endpoint: 'gone' });
  expect(told).toEqual(['gone 0']);
  record({ status: 'error', endpoint: 'gone' }, sampleSubscription({ uuid: 'a-handler' }));
  record({}, sampleSubscription({ uuid: 'a-handler' }));
  expect(told).toHaveLength(1);
  expect(known.size).toBe(0);
});

test('an attempt at an address that the subscription no longer has tells nothing of it', async () => {
  const { health, record, told, known, present } = setUp([
    { subscriptionUuid: 'a', since: Date.now(), warned: 50 },
  ]);
  await health.load();
  const former = present.a;
  present.a = { ...former, config: { url: 'http://elsewhere/' } };
  record({ status: 'error', endpoint: 'gone' }, former);
  record({ status: 'success' }, former);
  expect(told).toEqual([]);
  expect(known.has('a')).toBe(true);
  // That it was disabled changes no address.
  const before = present.a;
  present.a = { ...before, disabled: { reason: 'manual', at: 1 } };
  record({ status: 'error', endpoint: 'gone' }, before);
  expect(told).toEqual(['gone 0']);
});
