/** No event is lost by a crash, and only what was in flight repeats. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../chaos/random.ts';
import { brokerKilled, daemonDown, daemonKilledOnce, type Scenario } from '../chaos/scenarios.ts';
import { type Broker, startBroker } from '../support/broker.ts';

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});

afterAll(() => broker.stop());

async function run(scenario: Scenario, events: number) {
  const report = await scenario({ broker, events, random: seededRandom(7), say: () => undefined });
  await broker.ctl('delete_queue', 'webhookd');
  return report;
}

test('events published while the daemon is down arrive, each once', async () => {
  expect(await run(daemonDown, 500)).toMatchObject({
    published: 500,
    arrived: 500,
    missing: 0,
    repeated: 0,
  });
});

test('after kill -9 in a burst every event arrives, and only attempts in flight repeat', async () => {
  expect(await run(daemonKilledOnce, 2_000)).toMatchObject({
    arrived: 2_000,
    missing: 0,
    unexplained: 0,
  });
});

test('after the broker is killed in a burst every event arrives, each once', async () => {
  expect(await run(brokerKilled, 2_000)).toMatchObject({ arrived: 2_000, missing: 0, repeated: 0 });
});
