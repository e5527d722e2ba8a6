/**
 * Decides which delivery is attempted next.
 *
 * Every subscription has a lane. The dispatcher goes round the lanes, first attempts before retries,
 * within a limit in flight for each and for all, so that an endpoint that hangs takes its own places and
 * nobody else's. What memory has no room for stays in the store, and so does every retry until it is
 * due: after an overflow, a failure or a restart, a lane is filled from the store by the same path.
 */
import type { Logger } from 'pino';
import type { Delivery, Subscription } from '../model.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { AttemptRecord, Store } from '../store/store.ts';
import { Lane } from './lane.ts';
import { Refill } from './refill.ts';
import { noneMade, type ReturnedRequests } from './returned-requests.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { AttemptResult, AttemptRunner, RunnableService } from './runner.ts';

export interface DispatcherLimits {
  maxInFlight: number;
  maxInFlightPerSubscription: number;
  maxHeld: number;
  maxHeldPerSubscription: number;
  /** bytes */
  maxHeldSize: number;
}

export interface DispatcherOptions {
  store: Pick<Store, 'dueDeliveries' | 'backlog' | 'deleteSubscription'>;
  commits: Pick<GroupCommit, 'addAttempt'>;
  runner: AttemptRunner;
  retries: RetryPolicy;
  findSubscription: (uuid: string) => Subscription | undefined;
  /** The service that delivers, or undefined while nobody provides it: its deliveries wait. */
  findService: (name: string) => RunnableService | undefined;
  returned: ReturnedRequests;
  limits: DispatcherLimits;
  log: Logger;
}

/** One pick in so many prefers a retry, so that a flood of new events cannot put off retries for ever. */
const retryShare = 8;

/** An endpoint that answers within this time (ms) is quick. */
const quickAnswer = 100;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with a delivery to attempt and a free place, in the order of their turns. */
  readonly #freshTurns = new Set<Lane>();
  readonly #retryTurns = new Set<Lane>();
  /** Lanes whose service can take no further call, by service. */
  readonly #queues = new Map<RunnableService, Set<Lane>>();
  readonly #refill: Refill;
  #inFlight = 0;
  #held = 0;
  #heldSize = 0;
  #picks = 0;
  #pressure = 0;
  #isStopped = false;
  #whenQuiet: (() => void) | undefined;
  #onRelief: () => void = () => undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { store, findSubscription, limits, log } = options;
    this.#refill = new Refill({
      store,
      log,
      isServed: (lane) => this.#serviceOf(lane) !== undefined,
      isOrphaned: (lane) => findSubscription(lane.subscriptionUuid) === undefined,
      room: (lane) => this.#room(lane),
      sizeLeft: () => Math.max(0, limits.maxHeldSize - this.#heldSize),
      ampleRoom: limits.maxHeldPerSubscription / 2,
      hold: (lane, delivery) => this.#hold(lane, delivery),
      drop: (lane) => this.#lanes.delete(lane.subscriptionUuid),
      onFilled: () => this.#pump(),
    });
  }

  /**
   * How many deliveries wait for endpoints that answer quickly. It is better not to take in more events
   * while there are many: they cost memory here, and a way to the store and back if there is no room.
   * What waits for slow endpoints does not count: waiting for those would hold up all others.
   */
  get pressure(): number {
    return this.#pressure;
  }

  /** Calls back whenever the pressure may have fallen. */
  whenRelieved(callback: () => void): void {
    this.#onRelief = callback;
  }

  /** Takes up every delivery without a final outcome. */
  async recover(): Promise<void> {
    for (const { subscriptionUuid, dueAt } of await this.#options.store.backlog()) {
      const lane = this.#lane(subscriptionUuid);
      lane.leaveInStore(dueAt);
      this.#refill.watch(lane);
    }
  }

  /** Takes deliveries that were just committed. */
  offer(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = this.#lane(delivery.subscriptionUuid);
      const isBehind = lane.storedDueAt <= delivery.event.receivedAt || lane.isFetching;
      if (isBehind || this.#room(lane) <= 0 || this.#serviceOf(lane) === undefined) {
        lane.leaveInStore(delivery.event.receivedAt);
        this.#refill.watch(lane);
      } else {
        this.#hold(lane, delivery);
      }
    }
    this.#pump();
  }

  /** A subscription was changed or deleted: what waits for it is looked at again. */
  reconsider(subscriptionUuid: string): void {
    const lane = this.#lanes.get(subscriptionUuid);
    if (lane === undefined) return;
    if (lane.isQuick) this.#pressure -= lane.waiting;
    for (const queue of [lane.fresh, lane.retries]) {
      for (const delivery of queue.splice(0)) this.#backToStore(lane, delivery);
    }
    this.#takeTurns(lane);
    this.#refill.watch(lane);
  }

  /** A service came or went. */
  reconsiderAll(): void {
    for (const uuid of [...this.#lanes.keys()]) this.reconsider(uuid);
  }

  /** Starts no more attempts from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#refill.stop();
  }

  /**
   * Resolves when no attempt is in flight any more, after {@link stop}.
   *
   * @param timeout how long to wait at most, ms
   * @returns how many are still in flight
   */
  async quiet(timeout: number): Promise<number> {
    if (this.#inFlight === 0) return 0;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#whenQuiet = resolve;
      timer = setTimeout(resolve, timeout);
    });
    clearTimeout(timer);
    return this.#inFlight;
  }

  #lane(subscriptionUuid: string): Lane {
    let lane = this.#lanes.get(subscriptionUuid);
    if (lane === undefined) this.#lanes.set(subscriptionUuid, (lane = new Lane(subscriptionUuid)));
    return lane;
  }

  #serviceOf(lane: Lane): RunnableService | undefined {
    const subscription = this.#options.findSubscription(lane.subscriptionUuid);
    return subscription && this.#options.findService(subscription.service);
  }

  /** How many more deliveries the lane may hold. Every lane may hold what it may have in flight, whatever the others hold. */
  #room(lane: Lane): number {
    const { limits } = this.#options;
    const isTooLarge = this.#heldSize >= limits.maxHeldSize;
    const entitled = (isTooLarge ? 1 : limits.maxInFlightPerSubscription) - lane.held;
    const spare = isTooLarge
      ? 0
      : Math.min(limits.maxHeldPerSubscription - lane.held, limits.maxHeld - this.#held);
    return Math.max(entitled, spare);
  }

  #hold(lane: Lane, delivery: Delivery): void {
    lane.hold(delivery);
    if (lane.isQuick) this.#pressure++;
    this.#held++;
    this.#heldSize += delivery.size;
    this.#takeTurns(lane);
  }

  #release(lane: Lane, delivery: Delivery): void {
    lane.release(delivery);
    this.#held--;
    this.#heldSize -= delivery.size;
  }

  #backToStore(lane: Lane, delivery: Delivery): void {
    this.#release(lane, delivery);
    lane.leaveInStore(Date.now());
  }

  /** Puts the lane in the rows it belongs to; it keeps the place it has. */
  #takeTurns(lane: Lane): void {
    const isFree =
      lane.inFlight < this.#options.limits.maxInFlightPerSubscription && !this.#queuesUp(lane);
    if (isFree && lane.fresh.length > 0) this.#freshTurns.add(lane);
    else this.#freshTurns.delete(lane);
    if (isFree && lane.retries.length > 0) this.#retryTurns.add(lane);
    else this.#retryTurns.delete(lane);
  }

  /** Whether the lane has to wait until its service can take another call; it is then in the queue for that. */
  #queuesUp(lane: Lane): boolean {
    const service = lane.waiting > 0 ? this.#serviceOf(lane) : undefined;
    if (service?.isFull !== true) return false;
    const queue = this.#queues.get(service);
    if (queue === undefined) this.#queues.set(service, new Set([lane]));
    else queue.add(lane);
    return true;
  }

  /** A service may take another call: the lane that waits longest has its turn. */
  #callNext(service: RunnableService): void {
    const queue = this.#queues.get(service);
    if (queue === undefined) return;
    for (const lane of queue) {
      if (service.isFull) return;
      queue.delete(lane);
      this.#takeTurns(lane);
    }
    if (queue.size === 0) this.#queues.delete(service);
  }

  /** Starts attempts while there are lanes with a turn and places in flight. */
  #pump(): void {
    while (this.#inFlight < this.#options.limits.maxInFlight && !this.#isStopped) {
      const prefersRetry = ++this.#picks % retryShare === 0;
      const hasRetry = this.#retryTurns.size > 0;
      const isRetrysTurn = hasRetry && (prefersRetry || this.#freshTurns.size === 0);
      const turns = isRetrysTurn ? this.#retryTurns : this.#freshTurns;
      const lane = turns.values().next().value;
      if (lane === undefined) return;
      const delivery = (turns === this.#freshTurns ? lane.fresh : lane.retries).shift();
      turns.delete(lane);
      if (lane.isQuick) this.#pressure--;
      if (delivery !== undefined) this.#start(lane, delivery);
      this.#takeTurns(lane);
    }
  }

  #start(lane: Lane, delivery: Delivery): void {
    const subscription = this.#options.findSubscription(lane.subscriptionUuid);
    const service = subscription && this.#options.findService(subscription.service);
    if (subscription === undefined || service === undefined) {
      this.#backToStore(lane, delivery);
      this.#refill.watch(lane);
      return;
    }
    lane.inFlight++;
    this.#inFlight++;
    const startedAt = Date.now();
    void this.#attempt(service, subscription, delivery).then((result) => {
      lane.inFlight--;
      this.#inFlight--;
      this.#measure(lane, Date.now() - startedAt);
      if (result !== undefined)
        this.#finish(lane, delivery, { service, subscription }, startedAt, result);
      this.#takeTurns(lane);
      this.#callNext(service);
      this.#pump();
      this.#onRelief();
      if (this.#inFlight === 0) this.#whenQuiet?.();
    });
  }

  /** A request that a plugin returned is sent; anything else is the service's. */
  #attempt(
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
  ): Promise<AttemptResult | undefined> {
    const { runner, returned } = this.#options;
    return delivery.request === null
      ? runner.run(service, subscription, delivery)
      : returned.send(subscription, delivery, delivery.request);
  }

  /** @param duration of an attempt, ms */
  #measure(lane: Lane, duration: number): void {
    const isQuick = duration < quickAnswer;
    if (isQuick === lane.isQuick) return;
    lane.isQuick = isQuick;
    this.#pressure += isQuick ? lane.waiting : -lane.waiting;
  }

  #finish(
    lane: Lane,
    delivery: Delivery,
    { service, subscription }: { service: RunnableService; subscription: Subscription },
    startedAt: number,
    { status, detail, after, requests }: AttemptResult,
  ): void {
    const { retries, commits, returned } = this.#options;
    const number = delivery.attempts + 1;
    const endedAt = Date.now();
    const made = requests.length === 0 ? noneMade : returned.make(delivery, requests);
    const record: AttemptRecord = {
      deliveryId: delivery.id,
      subscriptionUuid: lane.subscriptionUuid,
      number,
      maxAttempts: retries.maxAttempts,
      status,
      startedAt,
      endedAt,
      detail: service.redact(made.detail ?? detail),
      nextAttemptAt: status === 'failure' ? retries.nextAttemptAt(number, endedAt, after) : null,
      requests: made.records,
    };
    this.#report(delivery, { service: subscription.service, plugin: service.plugin }, record);
    commits.addAttempt(record, () => {
      this.#settled(lane, delivery, record.nextAttemptAt);
      if (made.deliveries.length > 0) this.offer(made.deliveries);
    });
  }

  #report(
    delivery: Delivery,
    { service, plugin }: { service: string; plugin: string },
    record: AttemptRecord,
  ): void {
    const { status, startedAt, endedAt, number, nextAttemptAt, detail } = record;
    const { name } = delivery.event;
    const line = {
      delivery: delivery.id,
      subscription: delivery.subscriptionUuid,
      plugin,
      service,
      event: name,
      attempt: number,
      status,
      duration_ms: endedAt - startedAt,
    };
    const what = delivery.request === null ? '' : ' with a request';
    if (status === 'success')
      this.#options.log.info(
        line,
        `${service} handled ${name}${what} in ${endedAt - startedAt} ms`,
      );
    else
      this.#options.log.warn(
        { ...line, next_attempt_at: nextAttemptAt, error: errorIn(detail) },
        `${service} failed at ${name}${what} in ${endedAt - startedAt} ms`,
      );
  }

  /** The outcome is on disk. */
  #settled(lane: Lane, delivery: Delivery, nextAttemptAt: number | null): void {
    this.#release(lane, delivery);
    if (nextAttemptAt !== null) lane.leaveInStore(nextAttemptAt);
    this.#refill.watch(lane);
  }
}

/** What went wrong, for the log line. */
function errorIn(detail: string): unknown {
  const { error } = JSON.parse(detail) as { error?: unknown };
  return error;
}
