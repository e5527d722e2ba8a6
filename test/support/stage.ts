/**
 * The dispatcher alone: what it asks of the store is answered from a map, and attempts last until the
 * test ends them. To be used with vitest's clock, so that every order of things can be played.
 */
import { vi } from 'vitest';
import { Dispatcher, type DispatcherLimits } from '../../dist/deliveries/dispatcher.js';
import { ReturnedRequests } from '../../dist/deliveries/returned-requests.js';
import { RetryPolicies } from '../../dist/deliveries/retry-policy.js';
import { AttemptRunner, type RunnableService } from '../../dist/deliveries/runner.js';
import type { Delivery, DeliveryOptions, Subscription } from '../../dist/model.js';
import { HookRetry } from '../../dist/plugin-api/index.js';
import type { AttemptRecord, DueDeliveries, DueQuery } from '../../dist/store/store.js';
import { silentLog } from './logs.ts';
import { sampleDelivery, sampleKeptEvent, sampleSubscription } from './samples.ts';

/** An attempt in flight. */
export interface OpenAttempt {
  delivery: Delivery;
  succeed: () => void;
  fail: (endpoint?: 'down' | 'busy' | 'unknown') => void;
}

const noLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export class Stage {
  readonly subscriptions = new Map<string, Subscription>();
  readonly services = new Set(['http']);
  /** Deliveries without a final outcome, as they are on disk. */
  readonly stored = new Map<string, { delivery: Delivery; dueAt: number }>();
  /** Deliveries with a final outcome on disk. */
  readonly ended = new Map<string, Delivery>();
  readonly settings = new Map<string, string>();
  readonly inFlight: OpenAttempt[] = [];
  /** Every attempt that was started, in order. */
  readonly started: Delivery[] = [];
  readonly records: AttemptRecord[] = [];
  readonly abandoned: string[] = [];
  readonly queries: DueQuery[] = [];
  readonly cut = new AbortController();
  /** What was told of attempts: a subscription and a status each. */
  readonly results: [string, string][] = [];
  isStoreDown = false;
  /** Outcomes on their way to the disk; undefined: they get there at once. */
  held: (() => void)[] | undefined;
  readonly dispatcher: Dispatcher;

  constructor(
    limits: Partial<DispatcherLimits> = {},
    { maxAttempts = 5, breakerFailures = Infinity } = {},
  ) {
    const retries = new RetryPolicies({ schedule: 'wazo', maxAttempts, factor: 1 });
    const runner = new AttemptRunner({
      retries,
      signal: this.cut.signal,
      signer: undefined,
      log: silentLog,
    });
    this.dispatcher = new Dispatcher({
      store: {
        dueDeliveries: (query) => this.#due(query),
        backlog: () => Promise.resolve(this.#backlog()),
        deleteSubscription: (uuid) => {
          this.abandoned.push(uuid);
          for (const [id, { delivery }] of this.stored)
            if (delivery.subscriptionUuid === uuid) this.stored.delete(id);
          return Promise.resolve();
        },
        hastenParked: (uuid, now) => {
          for (const row of this.stored.values())
            if (row.delivery.subscriptionUuid === uuid)
              row.dueAt = Math.min(row.delivery.event.receivedAt, now);
          return Promise.resolve();
        },
        retryDelivery: (id, now) => {
          const ended = this.ended.get(id);
          if (ended !== undefined)
            this.stored.set(id, {
              delivery: { ...ended, attemptsBefore: ended.attempts },
              dueAt: now,
            });
          return Promise.resolve(ended !== undefined);
        },
        setting: (name) => Promise.resolve(this.settings.get(name) ?? null),
        putSetting: (name, value) => {
          this.settings.set(name, value);
          return Promise.resolve();
        },
      },
      commits: {
        addAttempt: (record, done) => {
          const keep = () => {
            this.#keep(record);
            queueMicrotask(() => done());
          };
          if (this.held === undefined) keep();
          else this.held.push(keep);
        },
      },
      runner,
      retries,
      breaker: { failures: breakerFailures, pause: 1_000, longestPause: 8_000 },
      onResult: ({ uuid }, { status }) => this.results.push([uuid, status]),
      findSubscription: (uuid) => this.subscriptions.get(uuid),
      returned: new ReturnedRequests({
        findHttp: () => this.#service,
        runner,
        seal: (text) => text,
        open: (text) => text,
      }),
      findService: (name) => (this.services.has(name) ? this.#service : undefined),
      limits: {
        maxInFlight: 100,
        maxInFlightPerSubscription: 10,
        maxHeld: 1000,
        maxHeldPerSubscription: 100,
        maxHeldSize: 1_000_000,
        replayRate: 20,
        ...limits,
      },
      log: silentLog,
    });
  }

  readonly #service: RunnableService = {
    plugin: 'webhookd-http',
    log: noLog,
    secrets: {},
    isFull: false,
    endpointOf: ({ config }) => (config['endpoint'] as string | undefined) ?? null,
    redact: (text) => text,
    call: (_subscription, delivery) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          this.inFlight.splice(this.inFlight.indexOf(attempt), 1);
          settle();
        };
        const attempt: OpenAttempt = {
          delivery,
          succeed: () => end(() => resolve({})),
          fail: (endpoint) => end(() => reject(new HookRetry({ error: 'busy' }, { endpoint }))),
        };
        this.started.push(delivery);
        this.inFlight.push(attempt);
      }),
  };

  subscribe(...uuids: string[]): void {
    for (const uuid of uuids) this.put({ uuid });
  }

  put(more: Partial<Subscription> & Pick<Subscription, 'uuid'>): void {
    this.subscriptions.set(more.uuid, sampleSubscription(more));
  }

  /** Puts deliveries on disk without telling the dispatcher, as an earlier run of the daemon did. */
  store(
    subscriptionUuid: string,
    count: number,
    { attempts = 0, dueAt = Date.now(), size = 100 } = {},
  ): Delivery[] {
    return Array.from({ length: count }, (_, index) => {
      const id = `${subscriptionUuid}-${String(this.stored.size + this.records.length).padStart(6, '0')}-${index}`;
      const delivery = sampleDelivery({
        id,
        subscriptionUuid,
        attempts,
        size,
        event: sampleKeptEvent({ receivedAt: Date.now() }),
      });
      this.stored.set(id, { delivery, dueAt });
      return delivery;
    });
  }

  /** What intake does: on disk first, then to the dispatcher. */
  arrive(subscriptionUuid: string, count = 1, more: { size?: number } = {}): Delivery[] {
    const deliveries = this.store(subscriptionUuid, count, more);
    this.dispatcher.offer(deliveries);
    return deliveries;
  }

  /** Lets everything happen that happens by itself within so many ms. */
  async pass(milliseconds = 50): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  /** Ends attempts with success until none is left and none comes. */
  async finishAll(): Promise<void> {
    for (let idle = 0; idle < 3;) {
      idle = this.inFlight.length === 0 ? idle + 1 : 0;
      for (const attempt of [...this.inFlight]) attempt.succeed();
      await this.pass();
    }
  }

  /** The subscriptions of the attempts that were started, in order. */
  get turns(): string[] {
    return this.started.map(({ subscriptionUuid }) => subscriptionUuid);
  }

  #keep(record: AttemptRecord): void {
    this.records.push(record);
    const row = this.stored.get(record.deliveryId);
    if (row === undefined) return;
    const delivery = { ...row.delivery, attempts: record.number };
    if (record.nextAttemptAt === null) {
      this.stored.delete(record.deliveryId);
      this.ended.set(record.deliveryId, delivery);
    } else this.stored.set(record.deliveryId, { delivery, dueAt: record.nextAttemptAt });
  }

  #rows(subscriptionUuid: string, isOrdered = false) {
    return [...this.stored.values()]
      .filter(({ delivery }) => delivery.subscriptionUuid === subscriptionUuid)
      .sort(
        (one, other) =>
          (isOrdered ? 0 : one.dueAt - other.dueAt) ||
          (one.delivery.id < other.delivery.id ? -1 : 1),
      );
  }

  /** Answers later than it looks, as a store on another thread does. */
  async #due(query: DueQuery): Promise<DueDeliveries> {
    this.queries.push(query);
    if (this.isStoreDown) throw new Error('the disk is full');
    const { subscriptionUuid, until, limit, maxSize, isOrdered } = query;
    const deliveries: Delivery[] = [];
    let size = 0;
    let nextDueAt: number | null = null;
    for (const { delivery, dueAt } of this.#rows(subscriptionUuid, isOrdered)) {
      if (dueAt > until || deliveries.length >= limit || size > maxSize) {
        nextDueAt = dueAt > until ? dueAt : until;
        break;
      }
      deliveries.push({ ...delivery });
      size += delivery.size;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { deliveries, nextDueAt };
  }

  #backlog() {
    const uuids = new Set(
      [...this.stored.values()].map(({ delivery }) => delivery.subscriptionUuid),
    );
    return [...uuids].map((subscriptionUuid) => ({
      subscriptionUuid,
      dueAt: this.#rows(subscriptionUuid)[0]?.dueAt ?? 0,
    }));
  }
}

/** A stage with one subscription, `a`. */
export function stageWith(
  delivery: DeliveryOptions,
  more: ConstructorParameters<typeof Stage>[1] = {},
) {
  const stage = new Stage({}, more);
  stage.put({ uuid: 'a', delivery });
  return stage;
}

/** The places of the deliveries that were attempted among those that arrived. */
export const numbers = (stage: Stage) => stage.started.map(({ id }) => Number(id.split('-')[1]));
