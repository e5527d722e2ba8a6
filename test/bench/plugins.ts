/**
 * What a process of its own costs a plugin's delivery, and what a bad plugin costs the others.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestDaemon } from '../support/daemon.ts';
import { installPlugin } from '../support/plugins.ts';
import { TestPublisher } from '../support/publisher.ts';
import { until } from '../support/wait.ts';
import { endDaemon } from './contenders.ts';
import { eventNames } from './events.ts';
import type { Bench } from './main.ts';
import { cpuOf, memoryOf } from './processes.ts';
import type { SinkReport } from './sink.ts';
import { median, percentile, round } from './statistics.ts';

export interface PluginRow {
  what: string;
  measured: number;
}

const count = 20_000;

/** Counts its calls in a file. */
const echo = (file: string) => `
  import { writeFileSync } from 'node:fs';
  let calls = 0;
  export default class {
    callback() {
      if (++calls % 1000 === 0) writeFileSync('${file}', String(calls));
      return { calls };
    }
  }`;

/** What bad plugins do once they are called. */
const bad = {
  loops: 'for (;;);',
  floods: `for (;;) {
    for (let i = 0; i < 1000; i++) {
      this.log.info('line ' + i);
      process.stdout.write('raw ' + i + '\\n');
    }
    await new Promise(setImmediate);
  }`,
};

export async function plugins(bench: Bench): Promise<PluginRow[]> {
  const inline = await echoCost(bench, true);
  const hosted = await echoCost(bench, false);
  const beside = [];
  for (const does of ['loops', 'floods'] as const) {
    const { slower, later } = await besideABadOne(bench, does);
    beside.push(
      { what: `throughput beside a plugin that ${does}`, measured: slower },
      { what: `p99 latency beside a plugin that ${does}`, measured: later },
    );
  }
  return [
    { what: 'CPU of the daemon a delivery, plugin inside, us', measured: inline.cpu },
    { what: 'CPU of the daemon a delivery, plugin in a process, us', measured: hosted.cpu },
    { what: 'cost of the boundary, us', measured: round(hosted.cpu - inline.cpu) },
    { what: 'idle plugin process, MiB', measured: hosted.hostMiB },
    ...beside,
  ];
}

/** CPU of the daemon's process a delivery, us, and the memory of the host. */
async function echoCost(
  { broker, publisher }: Bench,
  isInline: boolean,
): Promise<{ cpu: number; hostMiB: number }> {
  const daemon = new TestDaemon({
    brokerUrl: broker.url,
    config: { plugins: { inline: isInline ? ['echo'] : [] } },
  });
  const file = join(daemon.directory, 'calls');
  installPlugin(join(daemon.directory, 'plugins'), 'echo', { code: echo(file) });
  await daemon.start();
  for (const name of eventNames)
    await daemon.subscribe([name], '', { service: 'echo', config: {} });
  const { body } = await daemon.call<{ pid: number | null }>('GET', '/plugins/echo');
  const hostMiB = body.pid === null ? 0 : round(memoryOf(body.pid).now);
  const calls = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  const run = async (wanted: number) => {
    await publisher.ask({ first: 0, count, rate: null });
    await until('the plugin is called', () => calls() >= wanted);
  };
  await run(count);
  const before = cpuOf(daemon.pid);
  await run(2 * count);
  const cpu = round(((cpuOf(daemon.pid) - before) * 1000) / count);
  await endDaemon(daemon, broker);
  return { cpu, hostMiB };
}

/** Throughput and p99 of http deliveries beside a bad plugin, as shares of what they are without. */
async function besideABadOne(
  bench: Bench,
  does: keyof typeof bad,
): Promise<{ slower: number; later: number }> {
  const { broker } = bench;
  const daemon = new TestDaemon({
    brokerUrl: broker.url,
    config: { plugins: { call_timeout: 600 } },
  });
  installPlugin(join(daemon.directory, 'plugins'), 'bad', {
    code: `export default class {
      static respondsTo = 'bad';
      constructor({ log }) { this.log = log; }
      async compute() { ${bad[does]} }
    }`,
  });
  await daemon.start();
  for (const name of eventNames) await daemon.subscribe([name], bench.target);
  const other = await TestPublisher.open(broker.url);
  await throughputOf(bench);
  const quiet: number[] = [];
  const loud: number[] = [];
  const quietLatency: number[] = [];
  const loudLatency: number[] = [];
  for (let round_ = 0; round_ < 5; round_++) {
    await daemon.call('POST', '/plugins/bad/disable');
    quiet.push(await throughputOf(bench));
    quietLatency.push(await latencyOf(bench));
    await daemon.call('POST', '/plugins/bad/enable');
    await other.publish({ name: 'bad', data: {} });
    await until('the plugin is busy', () => isBusy(daemon));
    loud.push(await throughputOf(bench));
    loudLatency.push(await latencyOf(bench));
    bench.say(
      `round ${round_ + 1}: ${round(quiet.at(-1) ?? 0, 0)}/s quiet, ${round(loud.at(-1) ?? 0, 0)}/s beside one that ${does}`,
    );
    await endLoop(daemon);
  }
  await other.close();
  await daemon.kill();
  await daemon.remove();
  await broker.ctl('delete_queue', 'webhookd');
  return {
    slower: round(medianRatio(loud, quiet), 2),
    later: round(medianRatio(loudLatency, quietLatency), 2),
  };
}

/** Of what was measured one after the other: a slow minute of the machine is in both. */
const medianRatio = (loud: number[], quiet: number[]) =>
  median(loud.map((value, place) => value / (quiet[place] ?? NaN)));

async function throughputOf({ sink, publisher }: Bench): Promise<number> {
  await sink.ask('reset');
  const { began } = await publisher.ask<{ began: number }>({ first: 0, count, rate: null });
  const { lastAt } = await until('all events arrive', async () => {
    const report = await sink.ask<SinkReport>('count');
    return report.distinct >= count && report;
  });
  return count / ((lastAt - began) / 1000);
}

async function latencyOf({ sink, publisher }: Bench): Promise<number> {
  await sink.ask('reset');
  await publisher.ask({ first: 0, count: 5_000, rate: 500 });
  await until(
    'all events arrive',
    async () => (await sink.ask<SinkReport>('count')).distinct >= 5_000,
  );
  return percentile((await sink.ask<SinkReport>('report')).latencies, 99);
}

async function hostOf(daemon: TestDaemon): Promise<number | null> {
  return (await daemon.call<{ pid: number | null }>('GET', '/plugins/bad')).body.pid;
}

/** Whether the plugin's process computes. */
async function isBusy(daemon: TestDaemon): Promise<boolean> {
  const pid = await hostOf(daemon);
  if (pid === null) return false;
  const before = cpuOf(pid);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return cpuOf(pid) - before > 20;
}

/** The plugin is ended from outside: its event is tried again while it is disabled, later. */
async function endLoop(daemon: TestDaemon): Promise<void> {
  const pid = await hostOf(daemon);
  if (pid !== null) process.kill(pid, 'SIGKILL');
  await until('the plugin rests', async () => (await hostOf(daemon)) !== pid);
}
