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
  const orphans = new Set<Lane>();
  const ends: string[] = [];
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
      deleteSubscription: (uuid) => Promise.resolve(void ends.push(`deliveries of ${uuid}`)),
    },
    log: silentLog,
    isServed: (lane) => !orphans.has(lane),
    isOrphaned: (lane) => orphans.has(lane),
    room: () => 10,
    sizeLeft: () => 1_000,
    ampleRoom: 5,
    hold: () => undefined,
    drop: ({ subscriptionUuid }) => void ends.push(`lane ${subscriptionUuid}`),
    onFilled: () => undefined,
  });
  const load = new Load();
  const leave = (lane: Lane) => {
    lane.leaveInStore(Date.now());
    refill.watch(lane);
  };
  const lanes = ['a', 'b', 'c', 'd', 'e'].map((uuid) => new Lane(uuid, load));
  return { refill, open, orphans, ends, lanes, leave, asked: () => open.map(({ uuid }) => uuid) };
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

test.each([
  { what: 'nothing', left: false, ended: ['lane a'] },
  { what: 'a delivery', left: true, ended: ['lane a', 'deliveries of a'] },
])(
  'a lane whose subscription goes while the store is asked, and that has $what, is dropped once',
  async ({ left, ended }) => {
    const { refill, open, lanes, leave, orphans, ends } = setUp();
    const [lane] = lanes;
    if (lane === undefined) return;
    leave(lane);
    await vi.advanceTimersByTimeAsync(100);
    orphans.add(lane);
    if (left) lane.leaveInStore(Date.now());
    refill.watch(lane);
    expect(ends).toEqual([]);
    open[0]?.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(ended);
  },
);
