/** What happens to the daemon. */
import { TestDaemon } from '../support/daemon.ts';
import { type ChaosOptions, reportOf, type Scenarios } from './scenario.ts';
import { Sink } from './sink.ts';
import { onStand } from './stand.ts';

/** How long a daemon that is told to stop may take, ms: a promise, whatever it has to do. */
const longestStop = 15_000;

/** It is not there while events are published; they arrive when it is back. */
const down = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { subject } = stand;
    await subject.stop();
    await stand.publish();
    const began = performance.now();
    await subject.start();
    const worstRecovery = await stand.goesOn(began);
    return stand.report(worstRecovery);
  });

/** It is killed in a burst, again and again: what was in flight may repeat, nothing else. */
const killed = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { events, random, isSmall, say } = options;
    const { subject, sink } = stand;
    const kills = isSmall ? 3 : 20;
    const explained = new Set<number>();
    let worstRecovery = 0;
    const publishing = stand.publish();
    for (let kill = 1; kill <= kills; kill++) {
      const before = sink.counts().size;
      await stand.arrived(
        before + Math.ceil((random() * (events - before)) / (kills - kill + 1.5)),
      );
      await subject.kill();
      const killedAt = performance.now();
      for (const id of subject.unfinished()) explained.add(id);
      say(`kill ${kill}: ${sink.counts().size} had arrived`);
      await subject.start();
      worstRecovery = Math.max(worstRecovery, await stand.goesOn(killedAt));
    }
    await publishing;
    return stand.report(worstRecovery, explained);
  });

/** It is told to stop in a burst, while another endpoint does not answer: at most what was cut repeats. */
const stopped = (options: ChaosOptions) =>
  onStand(
    options,
    async (stand) => {
      const { events, random, say } = options;
      const { subject, daemon, sink } = stand;
      const hanging = await Sink.open();
      try {
        hanging.manner = 'slow';
        await daemon.subscribe(['bench_event_0'], hanging.url);
        const publishing = stand.publish();
        await stand.burst(0.2 + 0.5 * random());
        const toldAt = performance.now();
        const status = await daemon.stop();
        const took = performance.now() - toldAt;
        say(`it ended with ${String(status)} after ${Math.round(took)} ms`);
        if (status !== 0 || took > longestStop)
          throw new Error(`SIGTERM: ended with ${String(status)} after ${Math.round(took)} ms`);
        const explained = subject.unfinished();
        hanging.manner = 'well';
        const startedAt = performance.now();
        await subject.start();
        const worstRecovery = await stand.goesOn(startedAt);
        await publishing;
        await stand.arrived(events);
        await subject.settled();
        const parts = [sink, hanging].map((one) => ({ counts: one.counts(), expected: events }));
        return reportOf(events, parts, { explained, worstRecovery });
      } finally {
        await hanging.close();
      }
    },
    { config: { delivery: { shutdown_timeout: options.isSmall ? 2 : 10 } } },
  );

/** A second one is started on the same database by mistake: it refuses, and the first goes on. */
const twice = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { daemon, subject, sink } = stand;
    const publishing = stand.publish();
    await stand.burst(0.2);
    const uri = `sqlite:${daemon.databaseFile}`;
    const second = new TestDaemon({
      brokerUrl: options.broker.url,
      config: { bus: { queue_name: stand.queue } },
      environment: { WEBHOOKD__DATABASE__URI: uri },
    });
    const triedAt = performance.now();
    try {
      await second.spawn();
      const status = await second.ended();
      const said = second.output.split('\n').find((line) => line.startsWith('webhookd: ')) ?? '';
      options.say(`the second one said: ${said}`);
      if (
        status !== 1 ||
        !said.includes('in use by another webhookd') ||
        /^\s+at /m.test(second.output)
      )
        throw new Error(`the second daemon ended with ${String(status)}: ${second.output}`);
    } finally {
      await second.remove();
    }
    const worstRecovery = await stand.goesOn(triedAt);
    await publishing;
    await stand.arrived(options.events);
    await subject.settled();
    return reportOf(options.events, [{ counts: sink.counts(), expected: options.events }], {
      worstRecovery,
    });
  });

export const daemonScenarios: Scenarios = {
  'daemon-down': { run: down, events: { full: 2_000, small: 300 }, hasNaive: true },
  'daemon-killed': { run: killed, events: { full: 20_000, small: 2_000 }, hasNaive: true },
  'daemon-stopped': { run: stopped, events: { full: 10_000, small: 1_000 } },
  'daemon-twice': { run: twice, events: { full: 5_000, small: 500 } },
};
