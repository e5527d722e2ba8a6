/**
 * What the daemon counts and measures, for Prometheus: names and units as its guidelines have them.
 *
 * What is counted with every attempt is counted in plain numbers, which prom-client gets when somebody
 * asks: it would look its labels up at each count.
 */
// The package's index loads OpenTelemetry's API as well, for one of the process's own figures.
import Counter from 'prom-client/lib/counter.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { AttemptStatus } from '../model.ts';
import type { WriteBatch } from '../store/store.ts';
import { Durations, registerDurations } from './durations.ts';
import { observe, type Observed } from './observed.ts';

/** So many subscriptions have series of their own; the others share those of `other`. */
const mostSubscriptions = 100;

const otherSubscriptions = 'other';

type Attempts = Record<AttemptStatus, number>;

interface ServiceCounts {
  attempts: Attempts;
  deliveries: { succeeded: number; failed: number };
  durations: Durations;
}

const noAttempts = (): Attempts => ({ success: 0, failure: 0, error: 0 });

/** What came of an attempt. */
export interface CountedAttempt {
  service: string;
  subscription: string;
  status: AttemptStatus;
  /** Whether the delivery has its final outcome. */
  isFinal: boolean;
  /** ms */
  duration: number;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #services = new Map<string, ServiceCounts>();
  readonly #subscriptions = new Map<string, Attempts>();
  readonly #received = this.#counter('events_received_total', 'Events taken from the bus.');
  readonly #created = this.#counter('deliveries_created_total', 'Events times subscriptions.');
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

  #process: Promise<void> | undefined;

  constructor(observed: Observed) {
    observe(this.#registry, observed);
    this.#tally(
      'attempts_total',
      'Attempts by service and outcome: success, failure (tried again) or error (final).',
      'service',
      () => [...this.#services].map(([service, { attempts }]) => [service, attempts] as const),
    );
    this.#tally(
      'deliveries_total',
      'Deliveries with a final outcome, by service: succeeded or failed.',
      'service',
      () => [...this.#services].map(([service, { deliveries }]) => [service, deliveries] as const),
    );
    this.#tally(
      'subscription_attempts_total',
      `Attempts by subscription and outcome; beyond ${mostSubscriptions} subscriptions under ${otherSubscriptions}.`,
      'subscription',
      () => this.#subscriptions,
    );
    registerDurations(
      this.#registry,
      'webhookd_attempt_duration_seconds',
      'How long attempts took.',
      () => [...this.#services].map(([service, { durations }]) => [service, durations] as const),
    );
    this.#purged.inc({ reason: 'age' }, 0);
    this.#purged.inc({ reason: 'size' }, 0);
  }

  eventReceived(): void {
    this.#received.inc();
  }

  deliveriesCreated(count: number): void {
    this.#created.inc(count);
  }

  attempted({ service, subscription, status, isFinal, duration }: CountedAttempt): void {
    const counts = this.#countsOf(service);
    counts.attempts[status]++;
    counts.durations.observe(duration);
    if (isFinal) counts.deliveries[status === 'success' ? 'succeeded' : 'failed']++;
    this.#attemptsOf(subscription)[status]++;
  }

  /** It was deleted: its place is another one's. */
  forgetSubscription(uuid: string): void {
    this.#subscriptions.delete(uuid);
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

  /** All of it as text. */
  async text(): Promise<string> {
    await this.#watchProcess();
    return this.#registry.metrics();
  }

  /** The process's own figures, from when somebody first asked for any: until then they cost nothing. */
  #watchProcess(): Promise<void> {
    this.#process ??= import('prom-client/lib/defaultMetrics.js').then(({ default: collect }) =>
      collect({ register: this.#registry }),
    );
    return this.#process;
  }

  #countsOf(service: string): ServiceCounts {
    let counts = this.#services.get(service);
    if (counts === undefined) {
      counts = {
        attempts: noAttempts(),
        deliveries: { succeeded: 0, failed: 0 },
        durations: new Durations(),
      };
      this.#services.set(service, counts);
    }
    return counts;
  }

  #attemptsOf(uuid: string): Attempts {
    const known = this.#subscriptions.get(uuid);
    if (known !== undefined) return known;
    const isFull = this.#subscriptions.size >= mostSubscriptions;
    const name = isFull ? otherSubscriptions : uuid;
    const attempts = this.#subscriptions.get(name) ?? noAttempts();
    this.#subscriptions.set(name, attempts);
    return attempts;
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `webhookd_${name}`, help, registers: this.#registers });
  }

  /** A counter with a label and the status, set to what was counted when somebody asks. */
  #tally(
    name: string,
    help: string,
    label: string,
    counted: () => Iterable<readonly [string, Record<string, number>]>,
  ): void {
    new Counter({
      name: `webhookd_${name}`,
      help,
      labelNames: [label, 'status'],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [value, counts] of counted())
          for (const [status, count] of Object.entries(counts))
            this.inc({ [label]: value, status }, count);
      },
    });
  }
}
