import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lane, Load } from '../../dist/deliveries/lane.js';
import { Refill } from '../../dist/deliveries/refill.js';
import type { DueDeliveries } from '../../dist/store/store.js';
import { silentLog } from '../support/logs.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A refill whose questions the test answers: with nothing. */
function setUp() {
  const open: { uuid: string; answer: () => void }[] = [];
  const refill = new Refill({
    store: {
      dueDeliveries: ({ subscriptionUuid: uuid }) =>
        new Promise<DueDeliveries>((resolve) => {
          const question = {
            uuid,
            answer: () => {
              open.splice(open.indexOf(question), 1);
              resolve({ deliveries: [], nextDueAt: null });
            },
          };
          open.push(question);
        }),
      deleteSubscription: () => Promise.resolve(),
    },
    log: silentLog,
    isServed: () => true,
    isOrphaned: () => false,
    room: () => 10,
    sizeLeft: () => 1_000,
    ampleRoom: 5,
    hold: () => undefined,
    drop: () => undefined,
    onFilled: () => undefined,
  });
  const load = new Load();
  const leave = (lane: Lane) => {
    lane.leaveInStore(Date.now());
    refill.watch(lane);
  };
  const lanes = ['a', 'b', 'c', 'd', 'e'].map((uuid) => new Lane(uuid, load));
  return { refill, open, lanes, leave, asked: () => open.map(({ uuid }) => uuid) };
}

test('a lane that something comes for while it waits for its turn is asked for once at a time', async () => {
  const { open, lanes, leave, asked } = setUp();
  for (const lane of lanes) leave(lane);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked()).toEqual(['a', 'b', 'c', 'd']);
  const [last] = lanes.slice(-1);
  if (last !== undefined) leave(last);
  open[0]?.answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked()).toEqual(['b', 'c', 'd', 'e']);
  open[0]?.answer();
  await vi.advanceTimersByTimeAsync(100);
  expect(asked()).toEqual(['c', 'd', 'e']);
});
