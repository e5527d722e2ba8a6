import { describe, expect, test } from 'vitest';
import { Outcomes, type OutcomesOptions } from '../../dist/deliveries/outcomes.js';
import { noneMade } from '../../dist/deliveries/returned-requests.js';
import { RetryPolicies } from '../../dist/deliveries/retry-policy.js';
import type { AttemptResult, RunnableService } from '../../dist/deliveries/runner.js';
import type { Delivery } from '../../dist/model.js';
import { redactorOf } from '../../dist/plugins/redactor.js';
import type { AttemptRecord } from '../../dist/store/store.js';
import { readableLog } from '../support/logs.ts';
import { sampleDelivery, sampleSubscription } from '../support/samples.ts';

interface Given {
  result?: Partial<AttemptResult>;
  redact?: RunnableService['redact'];
  made?: ReturnType<OutcomesOptions['returned']['make']>;
  /** Why the outcome can never be stored. */
  failure?: Error | undefined;
}

/** What comes of an attempt. */
function keep({ result, redact = (text) => text, made = noneMade, failure }: Given) {
  const records: AttemptRecord[] = [];
  const offered: Delivery[] = [];
  const { log, lines } = readableLog();
  const outcomes = new Outcomes({
    commits: {
      addAttempt: (record, done) => {
        records.push(record);
        done(failure);
      },
    },
    store: { retryDelivery: () => Promise.reject(new Error('nobody asked for that')) },
    retries: new RetryPolicies({ schedule: 'wazo', maxAttempts: 5, factor: 2 }),
    returned: { make: () => made },
    onResult: () => undefined,
    log,
  });
  const service: Partial<RunnableService> = { plugin: 'p', redact };
  outcomes.keep(
    {
      subscription: sampleSubscription(),
      service: service as RunnableService,
      delivery: sampleDelivery(),
      startedAt: 0,
      result: {
        status: 'success',
        detail: '{}',
        dataKey: null,
        after: undefined,
        endpoint: undefined,
        requests: [],
        ...result,
      },
    },
    (outcome) => offered.push(...outcome.made),
  );
  return { records, lines, offered };
}

describe('a detail with a secret in a number', () => {
  test.each(['success', 'failure', 'error'] as const)('is kept as JSON after %s', (status) => {
    const detail = JSON.stringify({ error: 'refused by 4711', at: 1712347110000 });
    const { records, lines } = keep({ result: { status, detail }, redact: redactorOf(['4711']) });
    expect(records.map((record) => JSON.parse(record.detail) as unknown)).toEqual([
      { error: 'refused by ********', at: '17123********0000' },
    ]);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('refused by 4711');
  });
});

test('requests that were returned are made when they are on disk, and not when they can never be', () => {
  const requests = [{ method: 'post', url: 'http://127.0.0.1:9/', headers: {}, body: '' }];
  const delivery = sampleDelivery();
  const made = { deliveries: [delivery], records: [], detail: undefined };
  const offeredWhen = (failure: Error | undefined) =>
    keep({ result: { requests }, made, failure }).offered;
  expect(offeredWhen(undefined)).toEqual([delivery]);
  expect(offeredWhen(new Error('string too big'))).toEqual([]);
});
