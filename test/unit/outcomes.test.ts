import { describe, expect, test } from 'vitest';
import { Outcomes } from '../../dist/deliveries/outcomes.js';
import { RetryPolicies } from '../../dist/deliveries/retry-policy.js';
import type { AttemptResult, RunnableService } from '../../dist/deliveries/runner.js';
import { noneMade } from '../../dist/deliveries/returned-requests.js';
import { redactorOf } from '../../dist/plugins/redactor.js';
import type { AttemptRecord } from '../../dist/store/store.js';
import { readableLog } from '../support/logs.ts';
import { sampleDelivery, sampleSubscription } from '../support/samples.ts';

function keep(result: Pick<AttemptResult, 'status' | 'detail'>, secret: string) {
  const records: AttemptRecord[] = [];
  const { log, lines } = readableLog();
  const outcomes = new Outcomes({
    commits: { addAttempt: (record) => void records.push(record) },
    retries: new RetryPolicies({ schedule: 'wazo', maxAttempts: 5, factor: 2 }),
    returned: { make: () => noneMade },
    onResult: () => undefined,
    log,
  });
  const service = { plugin: 'p', redact: redactorOf([secret]) } as Partial<RunnableService>;
  outcomes.keep(
    {
      subscription: sampleSubscription(),
      service: service as RunnableService,
      delivery: sampleDelivery(),
      startedAt: 0,
      result: { dataKey: null, after: undefined, endpoint: undefined, requests: [], ...result },
    },
    () => undefined,
  );
  return { records, lines };
}

describe('a detail with a secret in a number', () => {
  test.each(['success', 'failure', 'error'] as const)('is kept as JSON after %s', (status) => {
    const detail = JSON.stringify({ error: 'refused by 4711', at: 1712347110000 });
    const { records, lines } = keep({ status, detail }, '4711');
    expect(records.map((record) => JSON.parse(record.detail) as unknown)).toEqual([
      { error: 'refused by ********', at: '17123********0000' },
    ]);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('refused by 4711');
  });
});
