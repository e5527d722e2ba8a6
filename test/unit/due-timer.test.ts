import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DueTimer } from '../../dist/deliveries/due-timer.js';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

function timer() {
  const due: string[][] = [];
  return { due, timer: new DueTimer<string>((items) => due.push(items)) };
}

test('tells of each item when it is due, and not before', () => {
  const { due, timer: clock } = timer();
  clock.set('late', 1_005_000);
  clock.set('soon', 1_001_000);
  vi.advanceTimersByTime(999);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([['soon']]);
  vi.advanceTimersByTime(4_000);
  expect(due).toEqual([['soon'], ['late']]);
});

test('what is due together is told together, once', () => {
  const { due, timer: clock } = timer();
  for (const item of ['a', 'b', 'c']) clock.set(item, 1_000_100);
  vi.advanceTimersByTime(60_000);
  expect(due).toEqual([['a', 'b', 'c']]);
});

test('what was due in the past is told soon', () => {
  const { due, timer: clock } = timer();
  clock.set('a', 0);
  vi.advanceTimersByTime(20);
  expect(due).toEqual([['a']]);
});

test('a new time replaces the former one, sooner or later', () => {
  const { due, timer: clock } = timer();
  clock.set('a', 1_001_000);
  clock.set('a', 1_003_000);
  clock.set('b', 1_009_000);
  clock.set('b', 1_002_000);
  vi.advanceTimersByTime(2_000);
  expect(due).toEqual([['b']]);
  vi.advanceTimersByTime(1_000);
  expect(due).toEqual([['b'], ['a']]);
  vi.advanceTimersByTime(60_000);
  expect(due).toHaveLength(2);
});

test('what is forgotten is not told', () => {
  const { due, timer: clock } = timer();
  clock.set('a', 1_001_000);
  clock.set('b', 1_002_000);
  clock.forget('a');
  clock.forget('never set');
  vi.advanceTimersByTime(10_000);
  expect(due).toEqual([['b']]);
});

test('an item may be set again from within the call', () => {
  const told: number[] = [];
  const clock = new DueTimer<string>(() => {
    told.push(Date.now());
    if (told.length < 3) clock.set('a', Date.now() + 1_000);
  });
  clock.set('a', 1_001_000);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([1_001_000, 1_002_000, 1_003_000]);
});

test('a clock that is set forward is noticed within a minute', () => {
  const { due, timer: clock } = timer();
  clock.set('tomorrow', 1_000_000 + 86_400_000);
  vi.setSystemTime(1_000_000 + 86_400_000);
  vi.advanceTimersByTime(60_000);
  expect(due).toEqual([['tomorrow']]);
});

test('times far away do not overflow', () => {
  const { due, timer: clock } = timer();
  clock.set('in a thousand years', 1_000_000 + 1000 * 365 * 86_400_000);
  vi.advanceTimersByTime(10 * 60_000);
  expect(due).toEqual([]);
  expect(vi.getTimerCount()).toBe(1);
});

test('after a stop nothing is told, and no timer keeps the process alive', () => {
  const { due, timer: clock } = timer();
  clock.set('a', 1_001_000);
  clock.stop();
  clock.set('b', 1_000_500);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(due).toEqual([]);
});
