/** What the daemon counts and measures, for Prometheus: names and units as its guidelines have them. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AttemptStatus } from '../model.ts';
import type { StoreSize, WriteBatch } from '../store/store.ts';

/** What is looked up when somebody asks. */
export interface Observed {
  isConsuming: () => boolean;
  isStoring: () => boolean;
  deadLettered: () => number;
  inFlight: () => number;
  endpoints: () => Record<string, number>;
  disabledSubscriptions: () => number;
  backlog: () => Promise<{ count: number; oldest: number | null }>;
  storeSize: () => Promise<StoreSize>;
  /** bytes; null: none. */
  maxStoreSize: number | null;
}

/** Upper bounds in seconds: a fast endpoint answers within milliseconds, the slowest takes a minute. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #received = this.#counter('events_received_total', 'Events taken from the bus.');
  readonly #matched = this.#counter('deliveries_created_total', 'Events times subscriptions.');
  readonly #attempts = new Counter({
    name: 'webhookd_attempts_total',
    help: 'Attempts by service and outcome: success, failure (tried again) or error (final).',
    labelNames: ['service', 'status'],
    registers: this.#registers,
  });
  readonly #durations = new Histogram({
    name: 'webhookd_attempt_duration_seconds',
    help: 'How long attempts took.',
    labelNames: ['service'],
    buckets: durations,
    registers: this.#registers,
  });
  readonly #commits = new Histogram({
    name: 'webhookd_commit_duration_seconds',
    help: 'How long commits took until they were on disk.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: this.#registers,
  });
  readonly #batches = new Histogram({
    name: 'webhookd_commit_records',
    help: 'How many events and attempts a commit carried.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
    registers: this.#registers,
  });

  readonly #purged = new Counter({
    name: 'webhookd_deliveries_purged_total',
    help: 'Deliveries removed with their logs, by reason: age or size.',
    labelNames: ['reason'],
    registers: this.#registers,
  });
  readonly #dropped = this.#counter(
    'parked_deliveries_purged_total',
    'Those of them that were parked, and so were never made.',
  );

  constructor(observed: Observed) {
    collectDefaultMetrics({ register: this.#registry });
    this.#observe(observed);
  }

  eventReceived(): void {
    this.#received.inc();
  }

  deliveriesCreated(count: number): void {
    this.#matched.inc(count);
  }

  /** @param duration ms */
  attempted(service: string, status: AttemptStatus, duration: number): void {
    this.#attempts.inc({ service, status });
    this.#durations.observe({ service }, duration / 1000);
  }

  purged(
    reason: 'age' | 'size',
    { deliveries, parked }: { deliveries: number; parked: number },
  ): void {
    this.#purged.inc({ reason }, deliveries);
    this.#dropped.inc(parked);
  }

  /** Makes a commit and measures it. Rejects as it does. */
  async commit({ events, attempts }: WriteBatch, work: () => Promise<void>): Promise<void> {
    const began = performance.now();
    await work();
    this.#commits.observe((performance.now() - began) / 1000);
    this.#batches.observe(events.length + attempts.length);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it as text. Rejects when the store cannot be asked. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `webhookd_${name}`, help, registers: this.#registers });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `webhookd_${name}`,
      help,
      registers: this.#registers,
      collect() {
        this.set(read());
      },
    });
  }

  #observe(observed: Observed): void {
    this.#gauge('bus_up', '1 while events are consumed.', () => Number(observed.isConsuming()));
    this.#gauge('store_up', '1 while commits work.', () => Number(observed.isStoring()));
    this.#gauge('attempts_in_flight', 'Attempts that run now.', observed.inFlight);
    this.#gauge(
      'subscriptions_disabled',
      'Subscriptions whose deliveries are parked.',
      observed.disabledSubscriptions,
    );
    new Counter({
      name: 'webhookd_events_dead_lettered_total',
      help: 'Messages that could not be taken.',
      registers: this.#registers,
      collect() {
        this.reset();
        this.inc(observed.deadLettered());
      },
    });
    new Gauge({
      name: 'webhookd_endpoints',
      help: 'Endpoints by the state of their circuit: closed (they work), open or half_open.',
      labelNames: ['state'],
      registers: this.#registers,
      collect() {
        for (const [state, count] of Object.entries(observed.endpoints()))
          this.set({ state }, count);
      },
    });
    this.#observeBacklog(observed);
    this.#observeStore(observed);
  }

  #observeStore({ storeSize, maxStoreSize }: Observed): void {
    const [free, log] = (
      [
        ['free', 'What is free in the database, and used before it grows.'],
        ['log', 'Size of the write-ahead log beside the database.'],
      ] as const
    ).map(
      ([name, help]) =>
        new Gauge({ name: `webhookd_store_${name}_bytes`, help, registers: this.#registers }),
    );
    new Gauge({
      name: 'webhookd_store_size_bytes',
      help: 'Size of the database file.',
      registers: this.#registers,
      async collect() {
        const size = await storeSize();
        this.set(size.total);
        free?.set(size.free);
        log?.set(size.log);
      },
    });
    if (maxStoreSize !== null)
      this.#gauge('store_max_size_bytes', 'The limit, delivery.max_size.', () => maxStoreSize);
  }

  /** Both from one question to the store. */
  #observeBacklog({ backlog }: Observed): void {
    const age = new Gauge({
      name: 'webhookd_backlog_oldest_age_seconds',
      help: 'Age of the oldest delivery without a final outcome.',
      registers: this.#registers,
    });
    new Gauge({
      name: 'webhookd_backlog_deliveries',
      help: 'Deliveries without a final outcome, parked ones included.',
      registers: this.#registers,
      async collect() {
        const { count, oldest } = await backlog();
        this.set(count);
        age.set(oldest === null ? 0 : (Date.now() - oldest) / 1000);
      },
    });
  }
}
