/** What is seen of the daemon from outside, every few seconds. */
import { readdirSync } from 'node:fs';
import { type Child, memoryOf } from '../bench/processes.ts';
import { round } from '../bench/statistics.ts';
import type { SinkSample } from './sink.ts';

export interface Sample {
  /** Since events began. */
  seconds: number;
  rss_mib: number;
  heap_mib: number;
  /** Buffers outside of the heap. */
  external_mib: number;
  file_descriptors: number;
  /** Since the sample before. */
  loop_delay_p99_ms: number;
  loop_delay_max_ms: number;
  /** Deliveries without a final outcome. */
  backlog: number;
  in_flight: number;
  /** Of the database, its write-ahead log included. */
  database_mib: number;
  published: number;
  arrived: number;
  latency_p50_ms: number;
  latency_p99_ms: number;
}

/** How finely the daemon's metrics look at the event loop, ms: a delay of nothing reads as this. */
const loopResolution = 10;

export interface Sampled {
  pid: number;
  metricsUrl: string;
  databaseBytes: () => number;
  sink: Child;
  publisher: Child;
}

/** Figures that cannot be had are NaN: a daemon that does not answer is still sampled. */
export async function takeSample(seconds: number, sampled: Sampled): Promise<Sample> {
  const { pid, metricsUrl, databaseBytes, sink, publisher } = sampled;
  const metric = await readMetrics(metricsUrl);
  const { arrived, p50, p99 } = await sink.ask<SinkSample>('sample');
  const { published } = await publisher.ask<{ published: number }>('count');
  const mib = (bytes: number) => round(bytes / 2 ** 20, 2);
  const loopDelay = (name: string) =>
    round(Math.max(0, metric(`nodejs_eventloop_lag_${name}_seconds`) * 1000 - loopResolution));
  return {
    seconds: round(seconds),
    rss_mib: round(memoryOf(pid).now, 2),
    heap_mib: mib(metric('nodejs_heap_size_used_bytes')),
    external_mib: mib(metric('nodejs_external_memory_bytes')),
    file_descriptors: readdirSync(`/proc/${pid}/fd`).length,
    loop_delay_p99_ms: loopDelay('p99'),
    loop_delay_max_ms: loopDelay('max'),
    backlog: metric('webhookd_backlog_deliveries'),
    in_flight: metric('webhookd_attempts_in_flight'),
    database_mib: mib(databaseBytes()),
    published,
    arrived,
    latency_p50_ms: round(p50 ?? NaN),
    latency_p99_ms: round(p99 ?? NaN),
  };
}

async function readMetrics(url: string): Promise<(name: string) => number> {
  const text = await fetch(url, { signal: AbortSignal.timeout(4_000) })
    .then((response) => response.text())
    .catch(() => '');
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
}

/** One line a sample; what is NaN is left empty. */
export function toCsv(
  samples: readonly Sample[],
  marks: readonly { at: number; kind: string }[],
): string {
  const [first] = samples;
  if (first === undefined) return '';
  const keys = Object.keys(first) as (keyof Sample)[];
  const lines = samples.map((sample, place) => {
    const before = samples[place - 1]?.seconds ?? -Infinity;
    const marked = marks
      .filter(({ at }) => at * 60 > before && at * 60 <= sample.seconds)
      .map(({ kind }) => kind);
    const values = keys.map((key) => (Number.isFinite(sample[key]) ? sample[key] : ''));
    return [...values, marked.join(' ')].join(',');
  });
  return [[...keys, 'marks'].join(','), ...lines, ''].join('\n');
}
