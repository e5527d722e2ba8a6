/** What endpoints do. Beside the bad one there is always one that works, and notices nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/wait.ts';
import {
  type ChaosOptions,
  type ChaosReport,
  reportOf,
  type Scenario,
  type Scenarios,
} from './scenario.ts';
import { type Manner, Sink } from './sink.ts';
import { eventName, onStand, type Stand } from './stand.ts';

/** Retries and probes every second or two, so that a recovery is not a matter of waiting. */
const impatient = {
  hook_max_attempts: 1_000,
  hook_http_retry_countdown_factor: 1,
  delivery: { breaker_pause: 1, breaker_max_pause: 2 },
};

/**
 * The bad endpoint turns good after a while; everything arrives there, and arrived at the other one before.
 *
 * @param timeout of an attempt, s
 */
async function bad(
  options: ChaosOptions,
  begin: (sink: Sink) => Promise<void> | void,
  end: (sink: Sink) => Promise<void> | void,
  timeout = 2,
): Promise<ChaosReport> {
  return onStand(
    options,
    async (stand) => {
      const { subject, sink } = stand;
      const { events, isNaive } = options;
      const other = await Sink.open();
      try {
        if (!isNaive) await stand.daemon.subscribe([eventName], other.url);
        await begin(sink);
        await stand.publish();
        if (!isNaive) await notHeldUp(stand, other);
        await sleep(options.isSmall ? 2_000 : 8_000);
        await end(sink);
        const worstRecovery = await stand.goesOn(performance.now());
        await stand.arrived(events);
        await subject.settled();
        options.say(`${sink.requests} requests at the bad one, ${other.requests} at the good one`);
        const sinks = isNaive ? [sink] : [sink, other];
        const parts = sinks.map((one) => ({ counts: one.counts(), expected: events }));
        return reportOf(events, parts, { worstRecovery });
      } finally {
        await other.close();
      }
    },
    { config: { ...impatient, http: { timeout, connect_timeout: 2 } } },
  );
}

/** The other endpoint gets everything while the bad one is bad. */
const notHeldUp = ({ options }: Stand, other: Sink) =>
  until('the other endpoint gets everything', () => other.counts().size >= options.events, 120_000);

const behaving =
  (manner: Manner, timeout?: number): Scenario['run'] =>
  (options) =>
    bad(
      options,
      (sink) => void (sink.manner = manner),
      (sink) => void (sink.manner = 'well'),
      timeout,
    );

const sizes = { full: 2_000, small: 200 };

export const endpointScenarios: Scenarios = {
  'sink-down': {
    run: (options) =>
      bad(
        options,
        (sink) => sink.close(),
        (sink) => sink.reopen(),
      ),
    events: sizes,
    hasNaive: true,
  },
  'sink-refusing': { run: behaving('refusing'), events: sizes, hasNaive: true },
  'sink-slow': { run: behaving('slow'), events: sizes },
  'sink-resetting': { run: behaving('resetting'), events: sizes },
  'sink-garbage': { run: behaving('garbage'), events: sizes },
  'sink-endless-headers': { run: behaving('endless headers'), events: sizes },
  // It is read for a while, which takes long on a busy machine: what was read in time does not repeat.
  'sink-endless-body': { run: behaving('endless body', 30), events: sizes },
  'sink-trickling': { run: behaving('trickling'), events: sizes },
};
