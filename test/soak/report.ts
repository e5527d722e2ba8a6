/** What came of a soak: verdicts, and the plot. */
import type { Verdict } from '../bench/verdicts.ts';
import type { Disturbance } from './disturbances.ts';
import { drawPlot, type Series } from './plot.ts';
import type { Sample } from './samples.ts';
import type { SinkCheck } from './sink.ts';
import { type Trend, trendOf } from './trend.ts';

export interface Soaked {
  samples: Sample[];
  marks: Disturbance[];
  check: SinkCheck;
  published: number;
  /** What went wrong besides, such as a reload that did not work. */
  problems: string[];
}

/** What may grow, in units an hour. */
const limits = { memory: 1, descriptors: 6 };

/** Below this memory is not judged by its slope: a heap takes about ten minutes to find its size. */
const shortestJudged = 20;

/** While the daemon is warm: after ten minutes, or a third of a short run. */
export function warmUpOf(samples: readonly Sample[]): number {
  return Math.min(10, (samples.at(-1)?.seconds ?? 0) / 60 / 3);
}

/** The trend of a figure after the warm-up, an hour; blocks of a minute, or of a 12th of a short run. */
export function trendIn(samples: readonly Sample[], key: keyof Sample): Trend | undefined {
  const warm = samples.filter(({ seconds }) => seconds / 60 >= warmUpOf(samples));
  const length = ((warm.at(-1)?.seconds ?? 0) - (warm[0]?.seconds ?? 0)) / 3600;
  const points = warm.map((sample) => ({ x: sample.seconds / 3600, y: sample[key] }));
  return trendOf(points, Math.min(1 / 60, length / 12));
}

export const describeTrend = (trend: Trend, unit: string) =>
  `${trend.slope.toFixed(2)} ${unit}/h, 95 % between ${trend.low.toFixed(2)} and ${trend.high.toFixed(2)} ` +
  `(${trend.blocks} blocks, autocorrelation ${trend.autocorrelation.toFixed(2)})`;

export function judge({ samples, check, problems }: Soaked): Verdict[] {
  const none = (promise: string, measured: number): Verdict => ({
    promise,
    measured,
    limit: '0',
    isKept: measured === 0,
  });
  const minutes = (samples.at(-1)?.seconds ?? 0) / 60;
  const growth = (promise: string, key: keyof Sample, limit: number): Verdict[] => {
    const trend = trendIn(samples, key);
    if (trend === undefined || minutes < shortestJudged) return [];
    const measured = Number(trend.low.toFixed(2));
    return [{ promise, measured, limit: `<= ${limit}`, isKept: measured <= limit }];
  };
  return [
    none('missing deliveries of subscriptions that work', check.missing),
    none('what went wrong besides', problems.length),
    ...growth('growth of memory at least (95 %), MiB/h', 'rss_mib', limits.memory),
    ...growth(
      'growth of file descriptors at least (95 %), 1/h',
      'file_descriptors',
      limits.descriptors,
    ),
  ];
}

const colors = { blue: '#1f5fa8', orange: '#c9600b', green: '#2d7d3a', grey: '#777' };

export function plotOf({ samples, marks }: Soaked, subtitle: string): string {
  const series = (name: string, key: keyof Sample, color: string): Series => ({
    name,
    color,
    points: samples.map((sample) => [sample.seconds / 60, sample[key]]),
  });
  const line = (key: keyof Sample): Series[] => {
    const trend = trendIn(samples, key);
    if (trend === undefined) return [];
    const ends = [warmUpOf(samples), (samples.at(-1)?.seconds ?? 0) / 60];
    const points = ends.map((at) => [at, trend.intercept + (trend.slope * at) / 60] as const);
    return [{ name: 'trend', color: colors.grey, points, isDashed: true }];
  };
  return drawPlot({
    title: 'webhookd soak',
    subtitle,
    marks,
    markColors: {
      'plugin reload': '#9a9ad0',
      'broker restart': '#d08a2a',
      'broker kill': '#d03030',
    },
    panels: [
      {
        title: 'Memory',
        unit: 'MiB',
        series: [
          series('resident', 'rss_mib', colors.blue),
          series('heap', 'heap_mib', colors.orange),
          series('external', 'external_mib', colors.green),
          ...line('rss_mib'),
        ],
      },
      {
        title: 'File descriptors',
        unit: 'count',
        series: [series('open', 'file_descriptors', colors.blue), ...line('file_descriptors')],
      },
      {
        title: 'Event-loop delay',
        unit: 'ms',
        series: [series('p99', 'loop_delay_p99_ms', colors.blue)],
      },
      {
        title: 'Backlog',
        unit: 'deliveries',
        series: [series('without an outcome', 'backlog', colors.blue)],
      },
      {
        title: 'Publish to arrival',
        unit: 'ms',
        series: [
          series('p99', 'latency_p99_ms', colors.orange),
          series('p50', 'latency_p50_ms', colors.blue),
        ],
      },
      {
        title: 'Database',
        unit: 'MiB',
        series: [series('with its log', 'database_mib', colors.blue)],
      },
    ],
  });
}
