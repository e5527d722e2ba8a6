/** What is looked up when somebody asks for the metrics, and costs nothing in between. */
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type { StoreSize } from '../store/store.ts';

export interface Observed {
  version: string;
  isConsuming: () => boolean;
  isStoring: () => boolean;
  /** Events that somebody wants. */
  matched: () => number;
  deadLettered: () => number;
  inFlight: () => number;
  endpoints: () => Record<string, number>;
  disabledSubscriptions: () => number;
  backlog: () => Promise<{ count: number; oldest: number | null }>;
  storeSize: () => Promise<StoreSize>;
  /** bytes; null: none. */
  maxStoreSize: number | null;
}

type Reading<T> = readonly [name: string, help: string, read: (answer: T) => number];

export function observe(registry: Registry, observed: Observed): void {
  const registers = [registry];

  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `webhookd_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };

  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `webhookd_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };

  /** Several from one question. One that cannot be answered is no reason to say nothing at all. */
  const gauges = <T>(ask: () => Promise<T>, readings: readonly Reading<T>[]): void => {
    let asked: Promise<T | undefined> | undefined;
    const answer = () =>
      (asked ??= ask()
        .catch(() => undefined)
        .finally(() => (asked = undefined)));
    for (const [name, help, read] of readings)
      new Gauge({
        name: `webhookd_${name}`,
        help,
        registers,
        async collect() {
          const answered = await answer();
          this.set(answered === undefined ? Number.NaN : read(answered));
        },
      });
  };

  new Gauge({
    name: 'webhookd_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version: observed.version }, 1);
  gauge('bus_up', '1 while events are consumed.', () => Number(observed.isConsuming()));
  gauge('store_up', '1 while commits work.', () => Number(observed.isStoring()));
  gauge('attempts_in_flight', 'Attempts that run now.', observed.inFlight);
  gauge(
    'subscriptions_disabled',
    'Subscriptions whose deliveries are parked.',
    observed.disabledSubscriptions,
  );
  counter('events_matched_total', 'Events that a subscription wanted.', observed.matched);
  counter('events_dead_lettered_total', 'Messages that could not be taken.', observed.deadLettered);
  new Gauge({
    name: 'webhookd_endpoints',
    help: 'Endpoints by the state of their circuit: closed (they work), open or half_open.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(observed.endpoints())) this.set({ state }, count);
    },
  });
  gauges(observed.backlog, [
    [
      'backlog_deliveries',
      'Deliveries without a final outcome, parked ones included.',
      ({ count }) => count,
    ],
    [
      'backlog_oldest_age_seconds',
      'Age of the oldest delivery without a final outcome.',
      ({ oldest }) => (oldest === null ? 0 : (Date.now() - oldest) / 1000),
    ],
  ]);
  gauges(observed.storeSize, [
    ['store_size_bytes', 'Size of the database file.', ({ total }) => total],
    [
      'store_free_bytes',
      'What is free in the database, and used before it grows.',
      ({ free }) => free,
    ],
    ['store_log_bytes', 'Size of the write-ahead log beside the database.', ({ log }) => log],
  ]);
  const { maxStoreSize } = observed;
  if (maxStoreSize !== null)
    gauge('store_max_size_bytes', 'The limit, delivery.max_size.', () => maxStoreSize);
}
