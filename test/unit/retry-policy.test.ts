import { describe, expect, test } from 'vitest';
import { RetryPolicies, type RetryPolicy } from '../../dist/deliveries/retry-policy.js';
import type { DeliveryOptions, RetrySchedule } from '../../dist/model.js';

const now = 1_700_000_000_000;

/** The policy of a subscription that says nothing else. */
const policyOf = (
  {
    maxAttempts,
    factor,
    schedule = 'wazo',
  }: { maxAttempts: number; factor: number; schedule?: RetrySchedule },
  delivery: DeliveryOptions = {},
) => new RetryPolicies({ maxAttempts, factor, schedule }).of({ delivery });

function pauses(policy: RetryPolicy, attempt: number, after?: number): number[] {
  return Array.from({ length: 500 }, () => {
    const next = policy.nextAttemptAt(attempt, now, after);
    if (next === null) throw new Error('there is no next attempt');
    return (next - now) / 1000;
  });
}

describe('the pause after a failed attempt', () => {
  const policy = policyOf({ maxAttempts: 10, factor: 2 });

  test.each([1, 2, 3, 4, 9])(
    'after attempt %i is the factor to the power of one less, give or take a fifth',
    (attempt) => {
      const expected = 2 ** (attempt - 1);
      const found = pauses(policy, attempt);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(expected * 0.8 - 0.001);
      expect(Math.max(...found)).toBeLessThanOrEqual(expected * 1.2 + 0.001);
      expect(Math.min(...found)).toBeLessThan(expected);
      expect(Math.max(...found)).toBeGreaterThan(expected);
    },
  );

  test('does not grow with a factor of one', () => {
    const found = pauses(policyOf({ maxAttempts: 10, factor: 1 }), 9);
    expect(Math.max(...found)).toBeLessThanOrEqual(1.2);
  });

  test('is at least what the service asks for', () => {
    expect(pauses(policy, 1, 60)).toEqual(Array<number>(500).fill(60));
    expect(Math.min(...pauses(policy, 9, 60))).toBeGreaterThan(200);
  });

  test('is a whole number of milliseconds', () => {
    expect(
      pauses(policyOf({ maxAttempts: 10, factor: 1.37 }), 5).every((seconds) =>
        Number.isInteger(Math.round(seconds * 1e6) / 1e3),
      ),
    ).toBe(true);
  });
});

test('there is no attempt after the last', () => {
  const policy = policyOf({ maxAttempts: 3, factor: 2 });
  expect(policy.nextAttemptAt(2, now)).not.toBeNull();
  expect(policy.nextAttemptAt(3, now)).toBeNull();
  expect(policy.nextAttemptAt(4, now, 60)).toBeNull();
});

test.each([Number.POSITIVE_INFINITY, -5, 1e300])(
  'a pause of %s asked for by a service still gives a time the store can keep',
  (after) => {
    const next = policyOf({ maxAttempts: 3, factor: 2 }).nextAttemptAt(1, now, after);
    expect(Number.isSafeInteger(next)).toBe(true);
    expect(next).toBeGreaterThan(now);
  },
);

test('the longest chain of attempts the configuration allows has times the store can keep', () => {
  const policy = policyOf({ maxAttempts: 1000, factor: 10 });
  for (let attempt = 1; attempt < 1000; attempt++)
    expect(Number.isSafeInteger(policy.nextAttemptAt(attempt, now))).toBe(true);
});
