/** The wall clock is set while deliveries wait to be tried again: they neither storm nor sleep for ever. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '../support/faketime.ts';
import { until } from '../support/wait.ts';
import { type ChaosOptions, reportOf, type Scenarios } from './scenario.ts';
import { onStand, type Stand } from './stand.ts';

const hour = 3_600;

/** The shortest pause between two attempts, ms: one second, less a fifth. */
const shortestPause = 800;

const config = {
  hook_max_attempts: 1_000,
  hook_http_retry_countdown_factor: 1,
  // Every delivery is tried by its own schedule.
  delivery: { breaker_failures: 1_000_000, max_in_flight_per_subscription: 100 },
};

async function jumping(options: ChaosOptions, by: number) {
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-clock-'));
  const clock = new FakeClock(join(directory, 'clock'));
  try {
    return await onStand(
      options,
      async (stand) => {
        const { sink, subject, daemon } = stand;
        sink.manner = 'refusing';
        await stand.publish();
        await allTried(stand);
        clock.set(by);
        await daemon.logged(`the clock was set ${by < 0 ? 'back' : 'forward'} by`);
        const most = await steadily(stand);
        options.say(
          `while it was set, at most ${most.tries} tries of one delivery in ${most.seconds} s`,
        );
        // The same while the daemon is not there.
        await daemon.stop();
        clock.set(2 * by);
        await subject.start();
        await allTried(stand);
        sink.manner = 'well';
        const goodAt = performance.now();
        const worstRecovery = await stand.goesOn(goodAt);
        await stand.arrived(options.events);
        await subject.settled();
        const parts = [{ counts: sink.counts(), expected: options.events }];
        return reportOf(options.events, parts, { worstRecovery });
      },
      { config, environment: clock.environment },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Waits until every delivery is tried once more. */
async function allTried({ sink, options }: Stand): Promise<void> {
  const before = new Map(sink.tries);
  await until('every delivery is tried again', () => {
    if (sink.tries.size < options.events) return false;
    for (const [id, tries] of sink.tries) if (tries <= (before.get(id) ?? 0)) return false;
    return true;
  });
}

/** Every delivery is tried again and again after its pause, no more often; the most tries of one. */
async function steadily(stand: Stand): Promise<{ tries: number; seconds: number }> {
  const { sink } = stand;
  const before = new Map(sink.tries);
  const began = performance.now();
  await allTried(stand);
  await sleep(3_000);
  await allTried(stand);
  const elapsed = performance.now() - began;
  const tries = Math.max(...[...sink.tries].map(([id, all]) => all - (before.get(id) ?? 0)));
  // One of them may have been made early, because the clock said so.
  const allowed = elapsed / shortestPause + 2;
  if (tries > allowed)
    throw new Error(`a storm: ${tries} tries of one delivery in ${elapsed.toFixed(0)} ms`);
  return { tries, seconds: Math.round(elapsed / 1000) };
}

const sizes = { full: 500, small: 50 };

export const clockScenarios: Scenarios = {
  'clock-forward': { run: (options) => jumping(options, hour), events: sizes },
  'clock-back': { run: (options) => jumping(options, -hour), events: sizes },
};
