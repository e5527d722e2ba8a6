/** Who computes for ever on a busy machine runs a twentieth of the time, for as long as that is so. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Look, Throttle } from '../../dist/plugins/host/throttle.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const loop: Look = { taken: 1, hasFinished: false, waited: 0.5 };
const slowedLoop: Look = { taken: 0.05, hasFinished: false, waited: 0.5 };

function throttled() {
  const process = { isRunning: true, slowed: 0 };
  const throttle = new Throttle(
    (signal) => (process.isRunning = signal === 'SIGCONT'),
    () => process.slowed++,
  );
  const look = (times: number, seen: Look) => {
    for (let n = 0; n < times; n++) throttle.judge(seen);
  };
  /** How long the process runs in a second, ms. */
  const runsInASecond = () => {
    let ran = 0;
    for (let ms = 0; ms < 1000; ms++) {
      if (process.isRunning) ran++;
      vi.advanceTimersByTime(1);
    }
    return ran;
  };
  return { process, throttle, look, runsInASecond };
}

test('a loop on a busy machine runs a twentieth of the time after half a second', () => {
  const { process, look, runsInASecond } = throttled();
  look(1, loop);
  expect(process).toEqual({ isRunning: true, slowed: 0 });
  look(1, loop);
  expect(process).toEqual({ isRunning: false, slowed: 1 });
  expect(runsInASecond()).toBe(50);
  look(100, slowedLoop);
  expect(runsInASecond()).toBe(50);
  expect(process.slowed).toBe(1);
});

test.each<[string, Look]>([
  ['that takes little', { ...loop, taken: 0.2 }],
  ['that holds nobody up', { ...loop, waited: 0.05 }],
  ['that finishes calls', { ...loop, hasFinished: true }],
])('one %s runs as it likes', (_what, seen) => {
  const { throttle, look, runsInASecond } = throttled();
  look(100, seen);
  expect(throttle.isOn).toBe(false);
  expect(runsInASecond()).toBe(1000);
});

test('one that finishes a call within half a second runs as it likes', () => {
  const { throttle, look } = throttled();
  for (let n = 0; n < 10; n++) {
    look(1, loop);
    look(1, { ...loop, hasFinished: true });
  }
  expect(throttle.isOn).toBe(false);
});

test('when it finishes a call it runs as before, and the next call has three seconds', () => {
  const { throttle, look, runsInASecond } = throttled();
  look(2, loop);
  look(1, { ...slowedLoop, hasFinished: true });
  expect(runsInASecond()).toBe(1000);
  look(11, loop);
  expect(throttle.isOn).toBe(false);
  look(1, loop);
  expect(runsInASecond()).toBe(50);
});

test('when the daemon waits no more it runs as before after a while, and is slowed down anew when it does', () => {
  const { process, throttle, look, runsInASecond } = throttled();
  look(2, loop);
  look(39, { ...slowedLoop, waited: 0 });
  look(1, slowedLoop);
  expect(throttle.isOn).toBe(true);
  look(1, { ...slowedLoop, waited: 0 });
  expect(runsInASecond()).toBe(1000);
  look(2, loop);
  expect(runsInASecond()).toBe(50);
  expect(process.slowed).toBe(2);
});

test('when it has nothing to compute for two seconds it runs as before', () => {
  const { throttle, look, runsInASecond } = throttled();
  const idle = { ...slowedLoop, taken: 0 };
  look(2, loop);
  look(7, idle);
  look(1, slowedLoop);
  look(7, idle);
  expect(throttle.isOn).toBe(true);
  look(1, idle);
  expect(runsInASecond()).toBe(1000);
});

test('whoever waits for its end has it run', () => {
  const { process, throttle, look } = throttled();
  look(2, loop);
  throttle.stop();
  expect(process.isRunning).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
