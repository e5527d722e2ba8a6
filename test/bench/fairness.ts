/**
 * Whether endpoints that do not answer, or late, cost the others anything: 20 subscriptions, in one daemon
 * all of them well, in another one at an endpoint that never answers and one at one that takes 10 s. The
 * two take turns in slices of seconds, so that a slow minute of the machine is both's, and each slice of one
 * is compared with its neighbour of the other.
 */
import { randomUUID } from 'node:crypto';
import { TestDaemon } from '../support/daemon.ts';
import { until } from '../support/wait.ts';
import type { BadEndpoints } from './bad-endpoints.ts';
import type { Bench } from './main.ts';
import { Child, memoryOf } from './processes.ts';
import type { SinkReport } from './sink.ts';
import { median, percentile, round } from './statistics.ts';

export interface FairnessRow {
  run: string;
  /** Deliveries of the 18 a second, when all events come at once. */
  throughput: number;
  /** From publish to arrival of the 18 at a steady rate, ms; the median of the slices. */
  p50: number;
  p99: number;
  /** Over all slices. */
  p99OfAll: number;
  /** The figure as a share of its neighbour's; the median of the slices. */
  throughputShare: number;
  p99Share: number;
  /** Early, after a quarter of the time, and late, MiB. */
  rssEarly: number;
  rssLate: number;
}

const names = Array.from({ length: 20 }, (_, index) => `fair_event_${index}`);
/** Those that are measured; the other two get trouble in one of the runs. */
const measured = 18;

/** A slice: so many seconds at a steady rate, and then so many events at once. */
const slice = { seconds: 8, rate: 500, burst: 10_000 };

interface Slice {
  throughput: number;
  latencies: number[];
  rss: number;
}

/** A daemon with a virtual host and a publisher of its own. */
class Runner {
  readonly slices: Slice[] = [];

  private constructor(
    private readonly sink: Child,
    private readonly publisher: Child,
    private readonly daemon: TestDaemon,
  ) {}

  /** @param others where the two that are not measured point */
  static async start({ broker, sink, target }: Bench, others: [string, string]): Promise<Runner> {
    const vhost = randomUUID();
    await broker.ctl('add_vhost', vhost);
    await broker.ctl('set_permissions', '-p', vhost, 'guest', '.*', '.*', '.*');
    const url = `${broker.url}/${vhost}`;
    const daemon = new TestDaemon({ brokerUrl: url });
    await daemon.start();
    const { child: publisher } = await Child.start('publisher', [url]);
    const runner = new Runner(sink, publisher, daemon);
    for (const [index, name] of names.entries())
      await daemon.subscribe([name], others[index - measured] ?? target);
    await runner.#deliver(slice.burst, null);
    return runner;
  }

  async slice(): Promise<void> {
    await this.#deliver(slice.seconds * slice.rate, slice.rate);
    const { latencies } = await this.sink.ask<SinkReport>('report');
    const seconds = await this.#deliver(slice.burst, null);
    const throughput = (slice.burst * measured) / names.length / seconds;
    this.slices.push({ throughput, latencies, rss: memoryOf(this.daemon.pid).now });
  }

  async stop(): Promise<void> {
    await this.publisher.stop();
    await this.daemon.kill();
    await this.daemon.remove();
  }

  /** Publishes, and waits for those that are measured; seconds from the first publish to their last arrival. */
  async #deliver(count: number, rate: number | null): Promise<number> {
    await this.sink.ask('reset');
    const { began } = await this.publisher.ask<{ began: number }>({ first: 0, count, rate, names });
    const { lastAt } = await until('all events of those that are measured arrive', async () => {
      const report = await this.sink.ask<SinkReport>('count');
      return report.distinct >= (count * measured) / names.length && report;
    });
    return (lastAt - began) / 1000;
  }
}

/** @param seconds how long each run is measured */
export async function fairness(bench: Bench, seconds: number): Promise<FairnessRow[]> {
  const { child: badChild, hello } = await Child.start('bad-endpoints', []);
  const { child: other, hello: place } = await Child.start('sink', []);
  const bad = hello as BadEndpoints;
  const fine = `http://127.0.0.1:${(place as { port: number }).port}/`;
  const started: { stop: () => Promise<void> }[] = [badChild, other];
  try {
    const well = await Runner.start(bench, [fine, fine]);
    started.push(well);
    const troubled = await Runner.start(bench, [bad.never, bad.late]);
    started.push(troubled);
    const began = performance.now();
    for (let turn = 1; performance.now() - began < 2 * seconds * 1000; turn++) {
      // First in turn as well: whoever comes second may find the other's leftovers.
      for (const runner of turn % 2 === 0 ? [troubled, well] : [well, troubled])
        await runner.slice();
      await other.ask('reset');
      bench.say(`slice ${turn}: well ${describe(well)}; troubled ${describe(troubled)}`);
    }
    return [
      rowOf('all well', well.slices, well.slices),
      rowOf('one never answers, one late', troubled.slices, well.slices),
    ];
  } finally {
    for (const one of started) await one.stop();
  }
}

const p99 = ({ latencies }: Slice) => percentile(latencies, 99);

function describe({ slices }: Runner): string {
  const last = slices.at(-1);
  return last === undefined
    ? ''
    : `${round(last.throughput, 0)}/s, p99 ${round(p99(last))} ms, ${round(last.rss)} MiB`;
}

function rowOf(run: string, own: Slice[], neighbours: Slice[]): FairnessRow {
  const share = (of: (slice: Slice) => number) =>
    round(median(own.map((one, place) => of(one) / of(neighbours[place] ?? one))), 2);
  const quarter = Math.ceil(own.length / 4);
  const rss = (first: number) =>
    round(median(own.slice(first, first + quarter).map((one) => one.rss)));
  return {
    run,
    throughput: round(median(own.map(({ throughput }) => throughput)), 0),
    p50: round(median(own.map(({ latencies }) => percentile(latencies, 50)))),
    p99: round(median(own.map(p99))),
    p99OfAll: round(
      percentile(
        own.flatMap(({ latencies }) => latencies),
        99,
      ),
    ),
    throughputShare: share(({ throughput }) => throughput),
    p99Share: share(p99),
    rssEarly: rss(quarter),
    rssLate: rss(own.length - quarter),
  };
}
