/** All that takes part in a soak, started and ended. */
import { randomUUID } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BadEndpoints } from '../bench/bad-endpoints.ts';
import { Child } from '../bench/processes.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { TestDaemon } from '../support/daemon.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/wait.ts';
import { Disturber } from './disturbances.ts';
import { eventNames, planSubscriptions, pluginSubscription } from './plan.ts';
import type { Sampled } from './samples.ts';
import type { Expectation } from './sink.ts';

export interface Stage {
  daemon: TestDaemon;
  disturber: Disturber;
  sampled: Sampled;
  /** What each subscription that works wants. */
  wanted: Expectation['wanted'];
  logFile: string;
}

/** Sets the stage, runs, and clears it away, whatever comes. */
export async function onStage<T>(
  random: () => number,
  run: (stage: Stage) => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<void>)[] = [];
  const start = async (module: string, args: string[]) => {
    const started = await Child.start(module, args);
    undo.push(() => started.child.stop());
    return started;
  };
  try {
    const broker = await startBroker();
    undo.push(() => broker.stop());
    const { hello: bad } = await start('bad-endpoints', []);
    const { child: sink, hello: place } = await start('../soak/sink', []);
    const { child: publisher } = await start('../soak/publisher', [broker.url, randomUUID()]);
    const [metricsPort = 0] = await freePorts(1);
    const { daemon, disturber, logFile } = await startDaemon(broker, metricsPort, undo);
    const { port } = place as { port: number };
    const wanted = await subscribeAll(daemon, random, bad as BadEndpoints, port);
    const sampled: Sampled = {
      pid: daemon.pid,
      metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      databaseBytes: () => databaseBytes(daemon.databaseFile),
      sink,
      publisher,
    };
    return await run({ daemon, disturber, sampled, wanted, logFile });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/**
 * Of the database, bytes: reached within ten minutes, so that the oldest deliveries are removed from then on and the
 * daemon does all it ever does before growth is judged. What is still to be delivered after an hour is half of it.
 */
const maxSize = 400 * 2 ** 20;

async function startDaemon(broker: Broker, metricsPort: number, undo: (() => Promise<void>)[]) {
  const daemon = new TestDaemon({
    brokerUrl: broker.url,
    config: { observing: { port: metricsPort }, delivery: { max_size: maxSize } },
    isDetached: true,
  });
  undo.push(() => daemon.remove());
  // Whatever ends this process: nothing else would end the daemon.
  process.once('exit', () => {
    daemon.signal('SIGKILL');
    rmSync(daemon.directory, { recursive: true, force: true });
  });
  const logFile = join(daemon.directory, 'webhookd.log');
  daemon.environment = { WEBHOOKD__LOG_FILE: logFile };
  const disturber = new Disturber(broker, daemon, logFile);
  disturber.install();
  await daemon.spawn();
  await until('the daemon is ready', async () => {
    if (daemon.hasEnded) return 'ended' as const;
    return (await fetch(`http://127.0.0.1:${metricsPort}/health/ready`)).ok;
  });
  if (daemon.hasEnded) throw new Error(`the daemon did not start:\n${daemon.output}`);
  return { daemon, disturber, logFile };
}

async function subscribeAll(
  daemon: TestDaemon,
  random: () => number,
  bad: BadEndpoints,
  port: number,
): Promise<Expectation['wanted']> {
  const planned = planSubscriptions(random, bad);
  for (const { number, events, failsAt } of planned) {
    const service = number === pluginSubscription ? 'soak' : 'http';
    const url = failsAt ?? `http://127.0.0.1:${port}/${number}`;
    await daemon.subscribe(events, url, { service, config: { url } });
  }
  return planned
    .filter(({ failsAt }) => failsAt === null)
    .map(({ number, events }) => ({
      number,
      names: events.map((name) => eventNames.indexOf(name)),
    }));
}

function databaseBytes(file: string): number {
  return [file, `${file}-wal`]
    .map((name) => statSync(name, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((all, size) => all + size, 0);
}
