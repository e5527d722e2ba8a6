/** Who is measured: the daemon, and the loops one would write by hand. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Broker } from '../support/broker.ts';
import { TestDaemon } from '../support/daemon.ts';
import { packageRoot } from '../support/root.ts';
import { until } from '../support/wait.ts';
import { eventNames } from './events.ts';
import { Child } from './processes.ts';

/** The delay of the measured process's event loop, ms. */
export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

export interface Contender {
  pid: number;
  /** The delay since the last call. */
  loopDelay(): Promise<LoopDelay>;
  stop(): Promise<void>;
}

export type Start = (broker: Broker, target: string) => Promise<Contender>;

const monitor = join(packageRoot, 'build', 'test', 'bench', 'monitor.js');

async function readLoopDelay(pid: number, file: string): Promise<LoopDelay> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return until(
    'the measured process reports',
    () => JSON.parse(readFileSync(file, 'utf8')) as LoopDelay,
  );
}

/** A subscription to every name that the publisher uses. */
export async function subscribeToAll(daemon: TestDaemon, target: string): Promise<void> {
  daemon.forgetOutput();
  for (const name of eventNames) await daemon.subscribe([name], target);
}

/** Stops it, and leaves nothing of it behind, on the broker either. */
export async function endDaemon(daemon: TestDaemon, broker: Broker): Promise<void> {
  await daemon.stop();
  await daemon.remove();
  await broker.ctl('delete_queue', 'webhookd');
}

async function startDaemon(broker: Broker, target: string): Promise<Contender> {
  const daemon = new TestDaemon({ brokerUrl: broker.url, config: {} });
  const file = join(daemon.directory, 'monitor.json');
  daemon.environment = { NODE_OPTIONS: `--import=${monitor}`, BENCH_MONITOR_FILE: file };
  await daemon.start();
  await subscribeToAll(daemon, target);
  return {
    pid: daemon.pid,
    loopDelay: () => readLoopDelay(daemon.pid, file),
    stop: () => endDaemon(daemon, broker),
  };
}

const startBare =
  (module: 'bare-undici' | 'bare-got'): Start =>
  async (broker, target) => {
    const file = join(packageRoot, 'build', `monitor-${module}-${process.pid}.json`);
    const environment = { NODE_OPTIONS: `--import=${monitor}`, BENCH_MONITOR_FILE: file };
    const { child } = await Child.start(module, [broker.url, target], environment);
    const pid = child.process.pid ?? 0;
    return {
      pid,
      loopDelay: () => readLoopDelay(pid, file),
      stop: async () => {
        await child.stop();
        rmSync(file, { force: true });
        await broker.ctl('delete_queue', 'bare');
      },
    };
  };

export const contenders: Record<string, Start> = {
  webhookd: startDaemon,
  'bare undici': startBare('bare-undici'),
  'bare got': startBare('bare-got'),
};
