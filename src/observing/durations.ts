/**
 * How long attempts took, as a histogram in plain numbers: prom-client's own looks labels and buckets up by name at each
 * value, which is a hundredth of the work of a delivery.
 */
import type { Histogram, Registry } from 'prom-client';

/** Upper bounds in ms: a fast endpoint answers within milliseconds, the slowest takes a minute. */
const bounds = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 30_000, 60_000];

export class Durations {
  /** By the first bound that is not smaller; the last one counts what is over all of them. */
  readonly #counts = Array.from({ length: bounds.length + 1 }, () => 0);
  /** ms */
  #sum = 0;

  /** @param duration of an attempt, ms */
  observe(duration: number): void {
    let place = 0;
    while (duration > (bounds[place] ?? Infinity)) place++;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#sum += duration;
  }

  /** The values of a series: each bucket holds those before it too, and all is in seconds. */
  series(name: string, labels: Record<string, string>): Value[] {
    let count = 0;
    const buckets = this.#counts.map((own, place) => {
      count += own;
      const bound = bounds[place];
      const le = bound === undefined ? '+Inf' : bound / 1000;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum / 1000 },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

interface Value {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

/** Shows durations by service; a registry asks a metric for nothing but this. */
export function registerDurations(
  registry: Registry,
  name: string,
  help: string,
  durations: () => Iterable<readonly [service: string, Durations]>,
): void {
  const get = () => {
    const values = [...durations()].flatMap(([service, of]) => of.series(name, { service }));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  };
  registry.registerMetric({ name, help, type: 'histogram', get } as unknown as Histogram);
}
