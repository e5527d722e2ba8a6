/** Idle memory, and whether bursts of 50,000 events leave any behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from '../support/daemon.ts';
import { until } from '../support/wait.ts';
import { endDaemon, subscribeToAll } from './contenders.ts';
import type { Bench } from './main.ts';
import { memoryOf } from './processes.ts';
import type { SinkReport } from './sink.ts';
import { round } from './statistics.ts';

export interface MemoryRow {
  moment: string;
  rssMiB: number;
  peakMiB: number;
}

const burst = 50_000;
const bursts = 10;

/** What starting and subscribing leaves behind V8 gives back when nothing has happened for about 50 s, ms. */
const untilIdle = 60_000;

/** No monitor is in this daemon: it would be measured too. */
export async function memory(bench: Bench): Promise<MemoryRow[]> {
  const daemon = await new TestDaemon({ brokerUrl: bench.broker.url, config: {} }).start();
  await subscribeToAll(daemon, bench.target);
  const rows: MemoryRow[] = [];
  const note = (moment: string) => {
    const { now, peak } = memoryOf(daemon.pid);
    rows.push({ moment, rssMiB: round(now), peakMiB: round(peak) });
    bench.say(`${moment}: ${round(now)} MiB, at most ${round(peak)} MiB`);
  };
  note('started');
  await sleep(untilIdle);
  note('idle');
  for (let n = 1; n <= bursts; n++) {
    await bench.sink.ask('reset');
    await bench.publisher.ask({ first: n * burst, count: burst, rate: null });
    await until(
      'all events arrive',
      async () => (await bench.sink.ask<SinkReport>('count')).distinct >= burst,
      300_000,
    );
    note(`after burst ${n}`);
  }
  await endDaemon(daemon, bench.broker);
  return rows;
}
