import { expect, test } from 'vitest';
import { Backoff } from '../../dist/backoff.js';

test('pauses grow to about twice the one before, up to the longest, and never shrink below half', () => {
  const backoff = new Backoff(100, 1_000);
  for (const ceiling of [100, 200, 400, 800, 1_000, 1_000]) {
    const pause = backoff.next();
    expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
    expect(pause).toBeLessThanOrEqual(ceiling);
  }
});

test('after a reset the first pause is the shortest again', () => {
  const backoff = new Backoff(100, 60_000);
  for (let tries = 0; tries < 2_000; tries++) expect(backoff.next()).toBeLessThanOrEqual(60_000);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(100);
});

test('two pauses are not alike, so that many clients do not come back together', () => {
  const pauses = new Set(Array.from({ length: 20 }, () => new Backoff(1_000, 1_000).next()));
  expect(pauses.size).toBeGreaterThan(1);
});
