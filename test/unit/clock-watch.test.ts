import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ClockWatch } from '../../dist/deliveries/clock-watch.js';

const hour = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: 10 * hour }));
afterEach(() => void vi.useRealTimers());

function watch(onSet: (by: number) => Promise<void> = () => Promise.resolve()) {
  const told: number[] = [];
  const clock = new ClockWatch((by) => {
    told.push(by);
    return onSet(by);
  });
  clock.start();
  return { told, clock };
}

test('a clock that runs as it should is no news', async () => {
  const { told } = watch();
  await vi.advanceTimersByTimeAsync(hour);
  expect(told).toEqual([]);
});

test.each([-hour, hour])('a clock that is set by %i ms is told once', async (by) => {
  const { told } = watch();
  await vi.advanceTimersByTimeAsync(5_000);
  vi.setSystemTime(Date.now() + by);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual([by]);
});

test('it is told again while nothing could be done about it', async () => {
  let isDown = true;
  const { told } = watch(() => (isDown ? Promise.reject(new Error('full')) : Promise.resolve()));
  vi.setSystemTime(Date.now() - hour);
  await vi.advanceTimersByTimeAsync(4_000);
  isDown = false;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual([-hour, -hour, -hour]);
});

test('nothing is told after the end', async () => {
  const { told, clock } = watch();
  clock.stop();
  vi.setSystemTime(Date.now() - hour);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual([]);
});
