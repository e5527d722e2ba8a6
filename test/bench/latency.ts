/**
 * A steady rate: how long from publish to arrival.
 *
 * Measured in short stretches whose percentiles are taken one by one, since a shared machine stands still
 * for hundreds of milliseconds now and then: that spoils a stretch, of whichever contender, and not all.
 */
import { until } from '../support/wait.ts';
import { contenders } from './contenders.ts';
import type { Bench } from './main.ts';
import { cpuOf } from './processes.ts';
import type { SinkReport } from './sink.ts';
import { median, percentile, round } from './statistics.ts';

export interface LatencyRow {
  contender: string;
  /** events a second */
  rate: number;
  p50: number;
  p95: number;
  p99: number;
  loopDelayP99: number;
  cpuPerDelivery: number;
}

async function paced(
  { sink, publisher }: Bench,
  rate: number,
  seconds: number,
): Promise<SinkReport> {
  await sink.ask('reset');
  const count = rate * seconds;
  await publisher.ask({ first: 0, count, rate });
  await until(
    'all events arrive',
    async () => (await sink.ask<SinkReport>('count')).distinct >= count,
  );
  return sink.ask<SinkReport>('report');
}

/** The stretches a rate is measured in, in every round. */
const stretches = 4;

export async function latency(
  bench: Bench,
  { rounds, rates, seconds }: { rounds: number; rates: number[]; seconds: number },
): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = [];
  for (let n = 1; n <= rounds; n++) {
    for (const [name, start] of Object.entries(contenders)) {
      const contender = await start(bench.broker, bench.target);
      await paced(bench, 1_000, 2);
      for (const rate of rates.flatMap((rate) => Array<number>(stretches).fill(rate))) {
        await contender.loopDelay();
        const cpu = cpuOf(contender.pid);
        const { latencies } = await paced(bench, rate, seconds);
        const row: LatencyRow = {
          contender: name,
          rate,
          p50: round(percentile(latencies, 50)),
          p95: round(percentile(latencies, 95)),
          p99: round(percentile(latencies, 99)),
          loopDelayP99: round((await contender.loopDelay()).p99),
          cpuPerDelivery: round(((cpuOf(contender.pid) - cpu) * 1000) / latencies.length),
        };
        rows.push(row);
        bench.say(
          `round ${n}: ${name} at ${rate}/s: p50 ${row.p50} ms, p95 ${row.p95} ms, p99 ${row.p99} ms`,
        );
      }
      await contender.stop();
    }
  }
  return rates.flatMap((rate) =>
    Object.keys(contenders).map((contender) => {
      const own = rows.filter((row) => row.contender === contender && row.rate === rate);
      const of = (key: Exclude<keyof LatencyRow, 'contender'>) =>
        median(own.map((row) => row[key]));
      return {
        contender,
        rate,
        p50: of('p50'),
        p95: of('p95'),
        p99: of('p99'),
        loopDelayP99: of('loopDelayP99'),
        cpuPerDelivery: of('cpuPerDelivery'),
      };
    }),
  );
}
