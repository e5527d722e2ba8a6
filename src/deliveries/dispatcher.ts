/**
 * Decides which delivery is attempted next.
 *
 * Every subscription has a lane. The dispatcher goes round the lanes, first attempts before retries,
 * within a limit in flight for each and for all, so that an endpoint that hangs takes its own places and
 * nobody else's. A lane whose service is full, whose endpoint does not work or whose rate is used up
 * queues up for that, and uses up no attempts. What memory has no room for stays in the store, and so
 * does every retry until it is due: after an overflow, a failure, a restart or a time of being disabled,
 * a lane is filled from the store by the same path.
 */
import type { Logger } from 'pino';
import type { Delivery, Subscription } from '../model.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { AttemptRecord, Store } from '../store/store.ts';
import { reportAttempt } from './attempt-report.ts';
import { CatchUps } from './catch-ups.ts';
import { type BreakerOptions, Endpoint, Endpoints, type EndpointSign } from './endpoint.ts';
import { Lane } from './lane.ts';
import { Pace, Paces } from './pace.ts';
import { Refill } from './refill.ts';
import { noneMade, type ReturnedRequests } from './returned-requests.ts';
import type { RetryPolicies } from './retry-policy.ts';
import type { AttemptResult, AttemptRunner, RunnableService } from './runner.ts';

export interface DispatcherLimits {
  maxInFlight: number;
  maxInFlightPerSubscription: number;
  maxHeld: number;
  maxHeldPerSubscription: number;
  /** bytes */
  maxHeldSize: number;
  /** Attempts a second while a subscription catches up with what was parked. */
  replayRate: number;
}

export interface DispatcherOptions {
  store: Pick<
    Store,
    'dueDeliveries' | 'backlog' | 'deleteSubscription' | 'hastenParked' | 'setting' | 'putSetting'
  >;
  commits: Pick<GroupCommit, 'addAttempt'>;
  runner: AttemptRunner;
  retries: Pick<RetryPolicies, 'of'>;
  breaker: BreakerOptions;
  /** Told of every attempt that counts, and whether the delivery is final. */
  onResult: (
    subscription: Subscription,
    result: AttemptResult,
    startedAt: number,
    isFinal: boolean,
  ) => void;
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
  /** Lanes that are held up, by what holds them up: a service, an endpoint or a pace. */
  readonly #queues = new Map<object, Set<Lane>>();
  readonly #endpoints: Endpoints;
  readonly #paces = new Paces((rate) => this.#pace(rate));
  readonly #catchUps: CatchUps;
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
    const { store, findSubscription, limits, breaker, log } = options;
    this.#endpoints = new Endpoints((name) => {
      const endpoint: Endpoint = new Endpoint(name, breaker, log, () => this.#goOn(endpoint));
      return endpoint;
    });
    this.#catchUps = new CatchUps({ store, log });
    this.#refill = new Refill({
      store,
      log,
      isServed: (lane) => this.#isServed(lane),
      isOrphaned: (lane) => findSubscription(lane.subscriptionUuid) === undefined,
      room: (lane) => this.#room(lane),
      sizeLeft: () => Math.max(0, limits.maxHeldSize - this.#heldSize),
      ampleRoom: limits.maxHeldPerSubscription / 2,
      hold: (lane, delivery) => this.#hold(lane, delivery),
      drop: (lane) => this.#drop(lane),
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

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many endpoints are in which state. */
  get endpointStates() {
    return this.#endpoints.states();
  }

  /** Calls back whenever the pressure may have fallen. */
  whenRelieved(callback: () => void): void {
    this.#onRelief = callback;
  }

  /** Takes up every delivery without a final outcome. */
  async recover(): Promise<void> {
    await this.#catchUps.load();
    for (const { subscriptionUuid, dueAt } of await this.#options.store.backlog()) {
      const lane = this.#lane(subscriptionUuid);
      lane.leaveInStore(dueAt);
      this.#catchUp(lane, this.#catchUps.of(subscriptionUuid));
      this.#refill.watch(lane);
    }
  }

  /** Takes deliveries that were just committed. */
  offer(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = this.#lane(delivery.subscriptionUuid);
      if (this.#isBehind(lane, delivery) || this.#room(lane) <= 0 || !this.#isServed(lane)) {
        // Of an ordered lane the oldest is waited for, whatever comes after it.
        if (!lane.isOrdered || lane.storedDueAt === Infinity)
          lane.leaveInStore(delivery.event.receivedAt);
        this.#refill.watch(lane);
      } else {
        this.#hold(lane, delivery);
      }
    }
    this.#pump();
  }

  /** The store has deliveries of a subscription that were taken up again. */
  wake(subscriptionUuid: string): void {
    const lane = this.#lane(subscriptionUuid);
    if (lane.blockedUntil !== Infinity) lane.blockedUntil = 0;
    lane.leaveInStore(Date.now());
    this.#refill.watch(lane);
  }

  /** Due times have changed, or the clock that they are measured with: the store is asked anew. */
  wakeAll(): void {
    for (const uuid of [...this.#lanes.keys()]) this.wake(uuid);
  }

  /** A subscription was enabled again: what was parked goes out, the oldest first, no faster than allowed. */
  resume(subscriptionUuid: string): void {
    const lane = this.#lanes.get(subscriptionUuid);
    if (lane !== undefined && lane.storedDueAt !== Infinity) {
      const now = Date.now();
      this.#catchUps.begin(subscriptionUuid, now, () => this.wake(subscriptionUuid));
      this.#catchUp(lane, now);
    }
    this.reconsider(subscriptionUuid);
  }

  /** A subscription was changed or deleted: what waits for it is looked at again. */
  reconsider(subscriptionUuid: string): void {
    const lane = this.#lanes.get(subscriptionUuid);
    if (lane === undefined) {
      if (this.#options.findSubscription(subscriptionUuid) === undefined)
        this.#paces.of(subscriptionUuid, undefined);
      return;
    }
    this.#configure(lane);
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
    if (lane === undefined) {
      this.#lanes.set(subscriptionUuid, (lane = new Lane(subscriptionUuid)));
      this.#configure(lane);
    }
    return lane;
  }

  /** Takes up what the subscription says at present. */
  #configure(lane: Lane): void {
    const { findSubscription, findService, limits } = this.#options;
    const subscription = findSubscription(lane.subscriptionUuid);
    const { ordered = false, maxInFlight, rateLimit } = subscription?.delivery ?? {};
    lane.isOrdered = ordered;
    lane.maxInFlight = ordered ? 1 : (maxInFlight ?? limits.maxInFlightPerSubscription);
    lane.pace = this.#paces.of(lane.subscriptionUuid, rateLimit);
    const service = subscription && findService(subscription.service);
    const name =
      (subscription && service?.endpointOf(subscription)) ??
      `subscription ${lane.subscriptionUuid}`;
    if (lane.endpoint?.name === name) return;
    if (lane.endpoint !== undefined) this.#endpoints.release(lane.endpoint);
    lane.endpoint = this.#endpoints.acquire(name);
  }

  /** @param until what was received before goes out slowly; undefined: nothing */
  #catchUp(lane: Lane, until: number | undefined): void {
    if (until !== undefined)
      lane.catchUp = { pace: this.#pace(this.#options.limits.replayRate), until };
    else if (lane.catchUp !== undefined) {
      lane.catchUp = undefined;
      this.#catchUps.end(lane.subscriptionUuid);
    }
  }

  #pace(rate: number): Pace {
    const pace: Pace = new Pace(rate, () => this.#goOn(pace));
    return pace;
  }

  #drop(lane: Lane): void {
    this.#lanes.delete(lane.subscriptionUuid);
    this.#catchUp(lane, undefined);
    if (lane.endpoint !== undefined) this.#endpoints.release(lane.endpoint);
    lane.endpoint = undefined;
  }

  /** Whether the store has deliveries of the lane that come before this one. */
  #isBehind(lane: Lane, { event }: Delivery): boolean {
    const nextBefore = lane.isOrdered ? Infinity : event.receivedAt + 1;
    return lane.isFetching || lane.storedDueAt < nextBefore;
  }

  #isServed(lane: Lane): boolean {
    return this.#serviceOf(lane) !== undefined;
  }

  /** Who delivers; undefined while nobody does, and while the subscription is disabled. */
  #serviceOf(lane: Lane): RunnableService | undefined {
    const { findSubscription, findService } = this.#options;
    const subscription = findSubscription(lane.subscriptionUuid);
    return subscription?.disabled === null ? findService(subscription.service) : undefined;
  }

  /** How many more deliveries the lane may hold. Every lane may hold what it may have in flight, whatever the others hold. */
  #room(lane: Lane): number {
    const { limits } = this.#options;
    const isTooLarge = this.#heldSize >= limits.maxHeldSize;
    const entitled = (isTooLarge ? 1 : lane.maxInFlight) - lane.held;
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
    const isFree = lane.inFlight < lane.maxInFlight && !lane.isHeldUp && !this.#queuesUp(lane);
    if (isFree && lane.fresh.length > 0) this.#freshTurns.add(lane);
    else this.#freshTurns.delete(lane);
    if (isFree && lane.retries.length > 0) this.#retryTurns.add(lane);
    else this.#retryTurns.delete(lane);
  }

  /** What holds the lane up, if anything does. */
  #obstacleOf(lane: Lane): object | undefined {
    const { endpoint, pace, catchUp } = lane;
    if (endpoint?.isBlocked === true) return endpoint;
    if (pace?.isSpent === true) return pace;
    if (catchUp?.pace.isSpent === true) return catchUp.pace;
    const service = this.#serviceOf(lane);
    return service?.isFull === true ? service : undefined;
  }

  /** Whether the lane has to wait; it is then in the queue for what it waits for. */
  #queuesUp(lane: Lane): boolean {
    const obstacle = lane.waiting > 0 ? this.#obstacleOf(lane) : undefined;
    if (obstacle === undefined) return false;
    const queue = this.#queues.get(obstacle);
    if (queue === undefined) this.#queues.set(obstacle, new Set([lane]));
    else queue.add(lane);
    this.#setQuick(lane, false);
    return true;
  }

  /** Something holds up no more, or less: the lanes that wait longest have their turn. */
  #callNext(obstacle: object): void {
    const queue = this.#queues.get(obstacle);
    if (queue === undefined) return;
    for (const lane of queue) {
      if (this.#obstacleOf(lane) === obstacle) return;
      queue.delete(lane);
      this.#takeTurns(lane);
    }
    if (queue.size === 0) this.#queues.delete(obstacle);
  }

  /** The same by itself, after a while. */
  #goOn(obstacle: object): void {
    this.#callNext(obstacle);
    this.#pump();
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
      turns.delete(lane);
      // Since it got its turn, other lanes may have taken what it needs.
      if (!this.#queuesUp(lane)) {
        const delivery = (turns === this.#freshTurns ? lane.fresh : lane.retries).shift();
        if (lane.isQuick) this.#pressure--;
        if (delivery !== undefined) this.#start(lane, delivery);
      }
      this.#takeTurns(lane);
    }
  }

  #start(lane: Lane, delivery: Delivery): void {
    const subscription = this.#options.findSubscription(lane.subscriptionUuid);
    const service = this.#serviceOf(lane);
    if (subscription === undefined || service === undefined) {
      this.#backToStore(lane, delivery);
      this.#refill.watch(lane);
      return;
    }
    const { endpoint } = lane;
    lane.inFlight++;
    this.#inFlight++;
    endpoint?.begin();
    lane.pace?.take();
    // What was parked comes first: the first that was not shows that there is no more of it.
    if (lane.catchUp !== undefined && delivery.event.receivedAt >= lane.catchUp.until)
      this.#catchUp(lane, undefined);
    lane.catchUp?.pace.take();
    const startedAt = Date.now();
    void this.#attempt(service, subscription, delivery).then((result) => {
      lane.inFlight--;
      this.#inFlight--;
      endpoint?.end(signOf(result));
      this.#measure(lane, Date.now() - startedAt);
      if (result !== undefined)
        this.#finish(lane, delivery, { service, subscription }, startedAt, result);
      this.#takeTurns(lane);
      this.#callNext(service);
      if (endpoint !== undefined) this.#callNext(endpoint);
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
    const isPaced = lane.pace !== undefined || lane.catchUp !== undefined;
    this.#setQuick(lane, duration < quickAnswer && !isPaced);
  }

  #setQuick(lane: Lane, isQuick: boolean): void {
    if (isQuick === lane.isQuick) return;
    lane.isQuick = isQuick;
    this.#pressure += isQuick ? lane.waiting : -lane.waiting;
  }

  #finish(
    lane: Lane,
    delivery: Delivery,
    { service, subscription }: { service: RunnableService; subscription: Subscription },
    startedAt: number,
    result: AttemptResult,
  ): void {
    const { retries, commits, returned, onResult, log } = this.#options;
    const { status, detail, after, requests } = result;
    const number = delivery.attempts + 1;
    const endedAt = Date.now();
    const policy = retries.of(subscription);
    const made = requests.length === 0 ? noneMade : returned.make(delivery, requests);
    const record: AttemptRecord = {
      deliveryId: delivery.id,
      subscriptionUuid: lane.subscriptionUuid,
      number,
      maxAttempts: delivery.attemptsBefore + policy.maxAttempts,
      status,
      startedAt,
      endedAt,
      detail: service.redact(made.detail ?? detail),
      nextAttemptAt:
        status === 'failure'
          ? policy.nextAttemptAt(number - delivery.attemptsBefore, endedAt, after)
          : null,
      requests: made.records,
    };
    reportAttempt(log, delivery, { service: subscription.service, plugin: service.plugin }, record);
    // The next one is known when this outcome is on disk: what failed goes first, and after a crash nothing that
    // succeeded is made again behind another.
    if (lane.isOrdered) lane.blockedUntil = Infinity;
    onResult(subscription, result, startedAt, record.nextAttemptAt === null);
    commits.addAttempt(record, () => {
      this.#settled(lane, delivery, record.nextAttemptAt);
      if (made.deliveries.length > 0) this.offer(made.deliveries);
    });
  }

  /** The outcome is on disk. */
  #settled(lane: Lane, delivery: Delivery, nextAttemptAt: number | null): void {
    this.#release(lane, delivery);
    if (nextAttemptAt !== null) {
      lane.leaveInStore(nextAttemptAt);
      if (lane.isOrdered) this.#queueBehind(lane, nextAttemptAt);
    }
    if (lane.blockedUntil === Infinity) {
      lane.blockedUntil = 0;
      this.#takeTurns(lane);
      this.#pump();
    }
    if (lane.waiting === 0 && lane.storedDueAt === Infinity) this.#catchUp(lane, undefined);
    this.#refill.watch(lane);
  }

  /** What waits in an ordered lane comes back from the store after the delivery that failed. */
  #queueBehind(lane: Lane, nextAttemptAt: number): void {
    lane.blockedUntil = nextAttemptAt;
    if (lane.isQuick) this.#pressure -= lane.waiting;
    for (const waiting of lane.fresh.splice(0)) this.#release(lane, waiting);
    this.#takeTurns(lane);
  }
}

/** What an attempt tells of its endpoint; nothing when it was cut, or never got that far. */
function signOf(result: AttemptResult | undefined): EndpointSign | undefined {
  if (result === undefined) return undefined;
  const { status, endpoint } = result;
  if (endpoint === 'down' || endpoint === 'busy') return endpoint;
  if (endpoint === 'unknown') return undefined;
  return status === 'error' && endpoint === undefined ? undefined : 'up';
}
