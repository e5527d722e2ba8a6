import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Metrics } from '../../dist/observing/metrics.js';
import type { Observed } from '../../dist/observing/observed.js';

const observed = (more: Partial<Observed> = {}): Observed => ({
  version: '1.2.3',
  isConsuming: () => true,
  isStoring: () => true,
  matched: () => 0,
  deadLettered: () => 0,
  inFlight: () => 0,
  endpoints: () => ({}),
  disabledSubscriptions: () => 0,
  backlog: () => Promise.resolve({ count: 0, oldest: null }),
  storeSize: () => Promise.resolve({ total: 3, free: 2, log: 1 }),
  maxStoreSize: null,
  ...more,
});

const attempt = (subscription: string) =>
  ({ service: 'http', subscription, status: 'success', isFinal: true, duration: 12 }) as const;

const series = (text: string, name: string) =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`));

test('a hundred subscriptions have series of their own, the others one together', async () => {
  const metrics = new Metrics(observed());
  for (let round = 0; round < 2; round++)
    for (let place = 0; place < 150; place++) metrics.attempted(attempt(`s-${place}`));
  const text = await metrics.text();
  const successes = series(text, 'webhookd_subscription_attempts_total').filter((line) =>
    line.includes('status="success"'),
  );
  expect(successes).toHaveLength(101);
  expect(text).toContain('{subscription="s-0",status="success"} 2');
  expect(text).toContain('{subscription="other",status="success"} 100');
  expect(text).toContain('webhookd_attempts_total{service="http",status="success"} 300');
  expect(text).toContain('webhookd_deliveries_total{service="http",status="succeeded"} 300');
});

test('durations are shown as a histogram of prom-client shows them', async () => {
  const metrics = new Metrics(observed());
  const registry = new Registry();
  const histogram = new Histogram({
    name: 'webhookd_attempt_duration_seconds',
    help: 'How long attempts took.',
    labelNames: ['service'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    registers: [registry],
  });
  for (const duration of [0, 5, 6, 250, 251, 60_000, 60_001]) {
    for (const service of ['http', 'mobile']) {
      metrics.attempted({ ...attempt('s'), service, duration });
      histogram.observe({ service }, duration / 1000);
    }
  }
  expect(await metrics.text()).toContain(await registry.metrics());
});

test('a deleted subscription makes room for another one', async () => {
  const metrics = new Metrics(observed());
  for (let place = 0; place < 100; place++) metrics.attempted(attempt(`s-${place}`));
  metrics.forgetSubscription('s-0');
  metrics.attempted(attempt('new'));
  const text = await metrics.text();
  expect(text).toContain('{subscription="new",status="success"} 1');
  expect(text).not.toContain('subscription="s-0"');
  expect(text).not.toContain('subscription="other"');
});

test('figures that belong together come from one question, and are fresh', async () => {
  let asked = 0;
  const metrics = new Metrics(
    observed({ storeSize: () => Promise.resolve({ total: ++asked * 10, free: asked, log: 0 }) }),
  );
  for (const round of [1, 2]) {
    const text = await metrics.text();
    expect(text).toContain(`webhookd_store_size_bytes ${round * 10}`);
    expect(text).toContain(`webhookd_store_free_bytes ${round}`);
  }
  expect(asked).toBe(2);
});

test('a store that cannot be asked leaves all other figures', async () => {
  const metrics = new Metrics(
    observed({ isStoring: () => false, backlog: () => Promise.reject(new Error('disk full')) }),
  );
  const text = await metrics.text();
  expect(text).toContain('webhookd_store_up 0');
  expect(text).toMatch(/^webhookd_backlog_deliveries nan$/im);
  expect(text).toContain('webhookd_store_size_bytes 3');
});
