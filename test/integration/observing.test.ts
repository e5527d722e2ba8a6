/** Metrics and health, for machines that look after the daemon. */
import { expect, test } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { freePorts } from '../support/ports.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene();

test('metrics say what happened, to who has a token', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox((_request, response) =>
    response.writeHead(inbox.requests.length === 1 ? 410 : 200).end(),
  );
  await daemon.subscribe(['measured'], inbox.url, { config: { url: inbox.url } });
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
    'webhookd_deliveries_created_total 1',
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
    expect(await notReady.json()).toEqual({ status: 'fail', bus: false, store: true });
    expect(await (await fetch(`${own}/metrics`)).text()).toContain('webhookd_bus_up 0');
    expect((await fetch(`${own}/1.0/subscriptions`)).status).toBe(404);
  } finally {
    await daemon.remove();
  }
  const ready = await fetch(`${scene().daemon.url}/health/ready`);
  expect(await ready.json()).toEqual({ status: 'ok', bus: true, store: true });
  expect((await fetch(`${scene().daemon.url}/health/live`)).status).toBe(200);
});
