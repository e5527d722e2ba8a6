import { expect, test } from 'vitest';
import { Outcomes } from '../../dist/deliveries/outcomes.js';
import { RetryPolicies } from '../../dist/deliveries/retry-policy.js';
import type { Delivery } from '../../dist/model.js';
import { silentLog } from '../support/logs.ts';
import { sampleContext, sampleDelivery, sampleSubscription } from '../support/samples.ts';

const made = sampleDelivery();

/** What is to be delivered after an attempt that returned a request. */
function offeredWhen(failure: Error | undefined): Delivery[] {
  const offered: Delivery[] = [];
  const outcomes = new Outcomes({
    commits: { addAttempt: (_record, done) => done(failure) },
    retries: new RetryPolicies({ schedule: 'wazo', maxAttempts: 1, factor: 1 }),
    returned: { make: () => ({ deliveries: [made], records: [], detail: undefined }) },
    onResult: () => undefined,
    log: silentLog,
  });
  outcomes.keep(
    {
      subscription: sampleSubscription(),
      service: {
        plugin: 'p',
        log: sampleContext.log,
        secrets: {},
        isFull: false,
        endpointOf: () => null,
        redact: (text) => text,
        call: () => ({}),
      },
      delivery: sampleDelivery(),
      startedAt: 0,
      result: {
        status: 'success',
        detail: '{}',
        dataKey: null,
        after: undefined,
        endpoint: undefined,
        requests: [{ method: 'post', url: 'http://127.0.0.1:9/', headers: {}, body: '' }],
      },
    },
    (outcome) => offered.push(...outcome.made),
  );
  return offered;
}

test('requests that were returned are made when they are on disk, and not when they can never be', () => {
  expect(offeredWhen(undefined)).toEqual([made]);
  expect(offeredWhen(new Error('string too big'))).toEqual([]);
});
