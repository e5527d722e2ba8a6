/** The figures that are promised, against those that were measured. */
import type { FairnessRow } from './fairness.ts';
import type { LatencyRow } from './latency.ts';
import type { MemoryRow } from './memory.ts';
import type { PluginRow } from './plugins.ts';
import type { RetentionRow } from './retention.ts';
import { round } from './statistics.ts';
import type { StoreRow } from './store-thread.ts';
import type { TemplateRow } from './templates.ts';
import type { ThroughputRow } from './throughput.ts';

export interface Verdict {
  promise: string;
  measured: number;
  limit: string;
  isKept: boolean;
}

const atLeast = (promise: string, measured: number, limit: number): Verdict => ({
  promise,
  measured: round(measured, 2),
  limit: `>= ${limit}`,
  isKept: measured >= limit,
});
const atMost = (promise: string, measured: number, limit: number): Verdict => ({
  promise,
  measured: round(measured, 2),
  limit: `<= ${limit}`,
  isKept: measured <= limit,
});

/** One line for each promise whose part was measured. */
export function verdicts(results: Record<string, unknown>): Verdict[] {
  return [
    ...ofThroughput((results['throughput'] ?? []) as ThroughputRow[]),
    ...ofLatency((results['latency'] ?? []) as LatencyRow[]),
    ...ofMemory((results['memory'] ?? []) as MemoryRow[]),
    ...((results['startup'] ?? []) as { readyAfterMs: number }[]).map(({ readyAfterMs }) =>
      atMost('ready with 10,000 subscriptions, ms', readyAfterMs, 1500),
    ),
    ...((results['matching'] ?? []) as { subscriptions: number; microsecondsPerEvent: number }[])
      .filter(({ subscriptions }) => subscriptions === 100_000)
      .map(({ microsecondsPerEvent }) =>
        atMost('matching among 100,000, us', microsecondsPerEvent, 20),
      ),
    ...ofStore((results['store'] ?? []) as StoreRow[]),
    ...((results['templates'] ?? []) as TemplateRow[]).map(({ microseconds }) =>
      atMost('rendering a typical template, us', microseconds, 20),
    ),
    ...ofPlugins((results['plugins'] ?? []) as PluginRow[]),
    ...ofFairness((results['fairness'] ?? []) as FairnessRow[]),
    ...ofRetention((results['retention'] ?? []) as RetentionRow[]),
  ];
}

function ofThroughput(rows: ThroughputRow[]): Verdict[] {
  const of = (name: string) => rows.find(({ contender }) => contender === name);
  const [own, undici, got] = [of('webhookd'), of('bare undici'), of('bare got')];
  if (own === undefined || undici === undefined || got === undefined) return [];
  return [
    atLeast(
      'deliveries/s against bare undici',
      own.deliveriesPerSecond / undici.deliveriesPerSecond,
      0.8,
    ),
    atLeast('deliveries/s against bare got', own.deliveriesPerSecond / got.deliveriesPerSecond, 2),
    atMost('CPU a delivery, us', own.cpuPerDelivery, 220),
    atMost('event-loop delay p99 under full load, ms', own.loopDelayP99, 50),
  ];
}

function ofLatency(rows: LatencyRow[]): Verdict[] {
  const own = rows.filter(({ contender }) => contender === 'webhookd');
  const limits: Record<number, number> = { 100: 10, 1000: 25 };
  return own.flatMap(({ rate, p99, loopDelayP99 }) => [
    atMost(`publish to arrival p99 at ${rate}/s, ms`, p99, limits[rate] ?? Infinity),
    ...(rate === 1000 ? [atMost('event-loop delay p99 at 1000/s, ms', loopDelayP99, 20)] : []),
  ]);
}

function ofStore(rows: StoreRow[]): Verdict[] {
  const rate = (name: string) => rows.find(({ store }) => store === name)?.eventsPerSecond;
  const [main, own] = [rate('main thread'), rate('own thread')];
  if (main === undefined || own === undefined) return [];
  return [atLeast('store on its own thread against the main thread', own / main, 1)];
}

function ofMemory(rows: MemoryRow[]): Verdict[] {
  const after = (n: number) => rows.find(({ moment }) => moment === `after burst ${n}`);
  const idle = rows.find(({ moment }) => moment === 'idle');
  const [second, last] = [after(2), after(10)];
  if (idle === undefined || second === undefined || last === undefined) return [];
  return [
    atMost('idle memory, MiB', idle.rssMiB, 90),
    atMost('memory in bursts of 50,000, MiB', last.peakMiB, 220),
    atMost('growth from burst 2 to burst 10, MiB', last.rssMiB - second.rssMiB, 10),
  ];
}

function ofPlugins(rows: PluginRow[]): Verdict[] {
  const of = (what: string) => rows.find((row) => row.what === what)?.measured;
  const limits: [string, typeof atMost, number][] = [
    ['cost of the boundary, us', atMost, 60],
    ['idle plugin process, MiB', atMost, 70],
    ['throughput beside a plugin that loops', atLeast, 0.9],
    ['p99 latency beside a plugin that loops', atMost, 2],
    ['throughput beside a plugin that floods', atLeast, 0.9],
    ['p99 latency beside a plugin that floods', atMost, 2],
  ];
  return limits.flatMap(([what, compare, limit]) => {
    const measured = of(what);
    return measured === undefined ? [] : [compare(what, measured, limit)];
  });
}

function ofFairness([, troubled]: FairnessRow[]): Verdict[] {
  if (troubled === undefined) return [];
  const { throughputShare, p99Share, rssEarly, rssLate } = troubled;
  return [
    atLeast('throughput of 18 beside two that do not answer', throughputShare, 0.95),
    atMost('p99 latency of 18 beside two that do not answer', p99Share, 1.5),
    atMost('growth of memory meanwhile, MiB', rssLate - rssEarly, 10),
  ];
}

function ofRetention(rows: RetentionRow[]): Verdict[] {
  const of = (what: string) => rows.find((row) => row.what === what)?.measured ?? NaN;
  if (rows.length === 0) return [];
  return [
    atMost('largest database, share of its limit', of('largest size, share of the limit'), 1.1),
    atLeast('load of the database, times its limit', of('load, times the limit'), 3),
    atMost('what a purge adds to commits, ms', of('most that a purge adds to commits, ms'), 50),
  ];
}
