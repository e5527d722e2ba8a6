/** A clock for tests that moves when it is told to. */
import { mock } from 'node:test';
import type { TestClock } from './harness.ts';

/** Taken before any clock is stopped. */
const turn = setImmediate;

/** @param now where the clock stands still; undefined: it goes on */
export function stopClock(now: number | Date | undefined): TestClock & { release: () => void } {
  if (now === undefined) {
    return {
      advance: () =>
        Promise.reject(new Error('give the harness a time (`now`) to have a clock of its own')),
      release: () => undefined,
    };
  }
  mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: Number(now) });
  return {
    async advance(milliseconds) {
      // What a timer starts may set the next one: time passes in steps, and work is let through.
      const step = Math.max(1, Math.ceil(milliseconds / 100));
      for (let left = milliseconds; left > 0; left -= step) {
        await new Promise((resolve) => turn(resolve));
        mock.timers.tick(Math.min(step, left));
      }
      await new Promise((resolve) => turn(resolve));
    },
    release: () => mock.timers.reset(),
  };
}
