/** Metrics and health, for machines that look after the daemon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { TestDaemon } from '../support/daemon.ts';
import { freePorts } from '../support/ports.ts';
import { packageRoot } from '../support/root.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene();

test('metrics say what happened, to who has a token', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox((_request, response) =>
    response.writeHead(inbox.requests.length === 1 ? 410 : 200).end(),
  );
  const uuid = await daemon.subscribe(['measured'], inbox.url, { config: { url: inbox.url } });
  await publisher.publish({ name: 'measured', data: {} });
  publisher.raw(Buffer.from('no event'), { headers: { name: 'measured' } });
  await publisher.channel.waitForConfirms();
  const read = async (headers: Record<string, string>) => {
    const response = await fetch(`${daemon.url}/1.0/metrics`, { headers });
    return { status: response.status, text: await response.text() };
  };
  const text = await until('the attempt is counted', async () => {
    const answer = await read({ authorization: `Bearer ${daemon.token}` });
    const isCounted =
      answer.text.includes('webhookd_attempts_total{service="http",status="error"} 1') &&
      answer.text.includes('webhookd_events_dead_lettered_total 1') &&
      answer.text.includes('webhookd_subscriptions_disabled 1');
    return isCounted && answer.text;
  });
  for (const line of [
    'webhookd_events_received_total 1',
    'webhookd_events_matched_total 1',
    'webhookd_deliveries_created_total 1',
    'webhookd_deliveries_total{service="http",status="failed"} 1',
    `webhookd_subscription_attempts_total{subscription="${uuid}",status="error"} 1`,
    'webhookd_build_info{version=',
    'webhookd_bus_up 1',
    'webhookd_store_up 1',
    'webhookd_backlog_deliveries 0',
    'webhookd_endpoints{state="closed"}',
    'webhookd_attempt_duration_seconds_count{service="http"} 1',
    'webhookd_commit_duration_seconds_count',
    'nodejs_eventloop_lag_p99_seconds',
  ])
    expect(text).toContain(line);
  expect((await read({})).status).toBe(401);
});

test('health tells whether it lives and whether it is ready, on a port of its own too', async () => {
  const [port = 0] = await freePorts(1);
  const daemon = new TestDaemon({
    brokerUrl: 'amqp://guest:guest@127.0.0.1:1',
    config: { observing: { port } },
  });
  try {
    await daemon.spawn();
    const own = `http://127.0.0.1:${port}`;
    await until('it listens', async () => (await fetch(`${own}/health/live`)).ok);
    const notReady = await fetch(`${own}/health/ready`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({
      status: 'fail',
      bus: false,
      store: true,
      reason: 'no events are consumed: the log says why',
    });
    expect(await (await fetch(`${own}/metrics`)).text()).toContain('webhookd_bus_up 0');
    expect((await fetch(`${own}/1.0/subscriptions`)).status).toBe(404);
  } finally {
    await daemon.remove();
  }
  const ready = await fetch(`${scene().daemon.url}/health/ready`);
  expect(await ready.json()).toEqual({ status: 'ok', bus: true, store: true, reason: null });
  expect((await fetch(`${scene().daemon.url}/health/live`)).status).toBe(200);
});

describe('what the documents say of metrics', () => {
  const page = readFileSync(join(packageRoot, 'docs/operating.md'), 'utf8');

  /** Every name that `/metrics` has, with the parts of histograms. */
  async function names(): Promise<Set<string>> {
    const { daemon } = scene();
    const headers = { authorization: `Bearer ${daemon.token}` };
    const text = await (await fetch(`${daemon.url}/1.0/metrics`, { headers })).text();
    return new Set(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
  }

  const metricsIn = (text: string) => [
    ...new Set(text.match(/\b(?:webhookd|nodejs|process)_[a-z0-9_]+\b(?!\*)/g)),
  ];

  test('the table names every metric of the daemon, and none that it does not have', async () => {
    const known = await names();
    const named = metricsIn(page.slice(page.indexOf('| Metric'), page.indexOf('## How much')));
    expect(named.filter((name) => !name.endsWith('_') && !known.has(name))).toEqual([]);
    const own = [...known].filter(
      (name) => name.startsWith('webhookd_') && !/_(bucket|sum|count)$/.test(name),
    );
    expect(own.filter((name) => !named.includes(name))).toEqual([]);
  });

  test('alerts ask for metrics that there are', async () => {
    const known = await names();
    const [, yaml = ''] = /```yaml\n(groups:[^`]*)```/.exec(page) ?? [];
    const { groups } = parse(yaml) as { groups: { rules: { alert: string; expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    for (const { expr } of rules) {
      const asked = metricsIn(expr);
      expect(asked).not.toEqual([]);
      expect(asked.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  test('so does every panel of the dashboard, which shows each group of them', async () => {
    const known = await names();
    const file = join(packageRoot, 'docs/grafana-dashboard.json');
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as {
      panels: { id: number; title: string; type: string; targets?: { expr: string }[] }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const shown = panels.filter(({ type }) => type !== 'row');
    for (const { title, targets = [] } of shown) {
      expect(targets, title).not.toEqual([]);
      for (const { expr } of targets) expect(metricsIn(expr), title).not.toEqual([]);
    }
    const asked = metricsIn(
      shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join(' '),
    );
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    const bases = asked.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    const own = [...known].filter(
      (name) => name.startsWith('webhookd_') && !/_(bucket|sum|count)$/.test(name),
    );
    expect(own.filter((name) => !bases.includes(name))).toEqual([]);
  });
});
