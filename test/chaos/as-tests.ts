/** Scenarios at their small size, as tests. To be called at the top of a test file. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../support/broker.ts';
import { seededRandom } from './random.ts';
import type { Scenarios } from './scenario.ts';

/** Generous: machines are slow at times, and scenarios have their own patience. */
const timeout = 400_000;

export function testScenarios(scenarios: Scenarios): void {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker.stop());

  test.each(Object.entries(scenarios))(
    '%s: nothing is missing, and nothing repeats without a reason',
    async (_name, { run, events }) => {
      const report = await run({
        broker,
        events: events.small,
        isSmall: true,
        isNaive: false,
        random: seededRandom(7),
        say: () => undefined,
      });
      expect(report).toMatchObject({ missing: 0, unexplained: 0, crashes: 0 });
      expect(report.arrived).toBe(report.expected);
    },
    timeout,
  );
}
