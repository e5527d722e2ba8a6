/** As many events as the broker takes, all at once: deliveries a second, CPU a delivery, memory, event loop. */
import { until } from '../support/wait.ts';
import type { Contender } from './contenders.ts';
import { contenders } from './contenders.ts';
import type { Bench } from './main.ts';
import { cpuOf, memoryOf } from './processes.ts';
import type { SinkReport } from './sink.ts';
import { median, round } from './statistics.ts';

export interface ThroughputRow {
  contender: string;
  deliveriesPerSecond: number;
  /** Microseconds of the measured process, all its threads. */
  cpuPerDelivery: number;
  peakMiB: number;
  loopDelayP99: number;
}

/** Events before anything is measured: the compiler takes its time to find what is hot. */
const warmUp = 40_000;

async function measure(
  bench: Bench,
  contender: Contender,
  name: string,
  count: number,
): Promise<ThroughputRow> {
  await run(bench, warmUp);
  await contender.loopDelay();
  const cpuBefore = cpuOf(contender.pid);
  const seconds = await run(bench, count);
  const cpu = cpuOf(contender.pid) - cpuBefore;
  const { p99 } = await contender.loopDelay();
  return {
    contender: name,
    deliveriesPerSecond: round(count / seconds, 0),
    cpuPerDelivery: round((cpu * 1000) / count),
    peakMiB: round(memoryOf(contender.pid).peak),
    loopDelayP99: round(p99),
  };
}

/** Publishes, and waits until all have arrived; seconds from the first publish to the last arrival. */
async function run({ sink, publisher }: Bench, count: number): Promise<number> {
  await sink.ask('reset');
  const { began } = await publisher.ask<{ began: number }>({ first: 0, count, rate: null });
  const { lastAt } = await until('all events arrive', async () => {
    const report = await sink.ask<SinkReport>('count');
    return report.distinct >= count && report;
  });
  return (lastAt - began) / 1000;
}

/** Rounds in turn, so that a slow minute of the machine is everyone's; the median of each figure. */
export async function throughput(
  bench: Bench,
  { rounds, events }: { rounds: number; events: number },
): Promise<ThroughputRow[]> {
  const rows: ThroughputRow[] = [];
  for (let n = 1; n <= rounds; n++) {
    for (const [name, start] of Object.entries(contenders)) {
      const contender = await start(bench.broker, bench.target);
      const row = await measure(bench, contender, name, events);
      rows.push(row);
      await contender.stop();
      bench.say(
        `round ${n}: ${name}: ${row.deliveriesPerSecond}/s, ${row.cpuPerDelivery} us, ${row.peakMiB} MiB, loop p99 ${row.loopDelayP99} ms`,
      );
    }
  }
  return Object.keys(contenders).map((contender) => {
    const own = rows.filter((row) => row.contender === contender);
    const of = (key: Exclude<keyof ThroughputRow, 'contender'>) =>
      median(own.map((row) => row[key]));
    return {
      contender,
      deliveriesPerSecond: of('deliveriesPerSecond'),
      cpuPerDelivery: of('cpuPerDelivery'),
      peakMiB: of('peakMiB'),
      loopDelayP99: of('loopDelayP99'),
    };
  });
}
