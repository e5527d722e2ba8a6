/** A subscription that has nothing but failures is warned of, and disabled in the end. */
import { expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({
  config: {
    delivery: { disable_after: 4, schedule: [0.2], breaker_failures: 1000 },
    hook_max_attempts: 1,
  },
});

interface Shown {
  enabled: boolean;
  disabled_reason: string | null;
}

test('is disabled after the time it has, with warnings at half and nine tenths, over a restart too', async () => {
  const { daemon, publisher } = scene();
  const told = await scene().inbox();
  await daemon.subscribe(
    ['webhookd_subscription_failing', 'webhookd_subscription_disabled'],
    told.url,
    { config: { url: told.url, payload: 'envelope' } },
  );
  const broken = await scene().inbox((_request, response) => response.writeHead(500).end());
  const uuid = await daemon.subscribe(['to_fail'], broken.url);
  const well = await scene().inbox((_request, response) =>
    response.writeHead(well.requests.length % 2 === 0 ? 200 : 500).end(),
  );
  const recovering = await daemon.subscribe(['to_fail'], well.url);
  let isRestarted = false;
  const disabled = await until('it is disabled', async () => {
    await publisher.publish({ name: 'to_fail', data: {} });
    const { body } = await daemon.call<Shown>('GET', `/subscriptions/${uuid}`);
    if (!isRestarted && told.requests.length >= 1) {
      isRestarted = true;
      await daemon.stop();
      await daemon.start();
    }
    return !body.enabled && body;
  });
  expect(disabled.disabled_reason).toBe('failing');
  await told.received(3);
  const events = told.bodies as { type: string; data: Record<string, unknown> }[];
  expect(events.map(({ type }) => type)).toEqual([
    'webhookd_subscription_failing',
    'webhookd_subscription_failing',
    'webhookd_subscription_disabled',
  ]);
  for (const { data } of events) expect(data['uuid']).toBe(uuid);
  const [first] = events;
  const time = (key: string) => Date.parse(String(first?.data[key]));
  expect(time('will_be_disabled_at') - time('failing_since')).toBe(4_000);
  expect((await daemon.call<Shown>('GET', `/subscriptions/${recovering}`)).body.enabled).toBe(true);
});
