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
import { messageOf } from '../errors.ts';
import type { Delivery, Subscription } from '../model.ts';
import type { Store } from '../store/store.ts';
import { signOf } from './endpoint.ts';
import { type Lane, Load } from './lane.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import { type EndedAttempt, Outcomes, type OutcomesOptions } from './outcomes.ts';
import { Refill } from './refill.ts';
import type { ReturnedRequests } from './returned-requests.ts';
import type { AttemptResult, AttemptRunner, RunnableService } from './runner.ts';
import { Turns } from './turns.ts';

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

export interface DispatcherOptions
  extends OutcomesOptions, Pick<LanesOptions, 'findSubscription' | 'findService' | 'breaker'> {
  store: Pick<
    Store,
    | 'dueDeliveries'
    | 'backlog'
    | 'deleteSubscription'
    | 'hastenParked'
    | 'retryDelivery'
    | 'setting'
    | 'putSetting'
  >;
  runner: AttemptRunner;
  returned: ReturnedRequests;
  limits: DispatcherLimits;
}

/** An endpoint that answers within this time (ms) is quick. */
const quickAnswer = 100;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #load = new Load();
  readonly #lanes: Lanes;
  readonly #turns: Turns;
  readonly #refill: Refill;
  readonly #outcomes: Outcomes;
  #inFlight = 0;
  #isStopped = false;
  #whenQuiet: (() => void) | undefined;
  #onRelief: () => void = () => undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { store, findSubscription, limits, log } = options;
    const lanes = new Lanes({
      ...options,
      load: this.#load,
      onFree: (obstacle) => {
        this.#turns.callNext(obstacle);
        this.#pump();
      },
    });
    this.#lanes = lanes;
    this.#turns = new Turns((lane) => lanes.obstacleOf(lane));
    this.#outcomes = new Outcomes(options);
    this.#refill = new Refill({
      store,
      log,
      isServed: (lane) => lanes.isServed(lane),
      isOrphaned: (lane) => findSubscription(lane.subscriptionUuid) === undefined,
      room: (lane) => this.#room(lane),
      sizeLeft: () => Math.max(0, limits.maxHeldSize - this.#load.size),
      ampleRoom: limits.maxHeldPerSubscription / 2,
      hold: (lane, delivery) => this.#hold(lane, delivery),
      drop: (lane) => lanes.drop(lane),
      onFilled: () => this.#pump(),
    });
  }

  /**
   * How many deliveries wait for endpoints that answer quickly. It is better not to take in more events
   * while there are many: they cost memory here, and a way to the store and back if there is no room.
   * What waits for slow endpoints does not count: waiting for those would hold up all others.
   */
  get pressure(): number {
    return this.#load.pressure;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many endpoints are in which state. */
  get endpointStates() {
    return this.#lanes.endpointStates;
  }

  /** Calls back whenever the pressure may have fallen. */
  whenRelieved(callback: () => void): void {
    this.#onRelief = callback;
  }

  /** Takes up every delivery without a final outcome. */
  async recover(): Promise<void> {
    await this.#lanes.load();
    for (const { subscriptionUuid, dueAt } of await this.#options.store.backlog()) {
      const lane = this.#lanes.of(subscriptionUuid);
      lane.leaveInStore(dueAt);
      this.#lanes.resumeCatchUp(lane);
      this.#refill.watch(lane);
    }
  }

  /** Takes deliveries that were just committed. */
  offer(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = this.#lanes.of(delivery.subscriptionUuid);
      if (isBehind(lane, delivery) || this.#room(lane) <= 0 || !this.#lanes.isServed(lane)) {
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

  /**
   * A delivery is about to be taken up again by hand. What is held of it knows before the store does: an attempt
   * that ends meanwhile is not the last one.
   */
  renew(subscriptionUuid: string, id: string): void {
    this.#lanes.find(subscriptionUuid)?.renew(id);
  }

  /** The store has deliveries of a subscription that were taken up again. */
  wake(subscriptionUuid: string): void {
    const lane = this.#lanes.of(subscriptionUuid);
    lane.leaveInStore(Date.now());
    this.#refill.watch(lane);
  }

  /** Due times have changed, or the clock that they are measured with: the store is asked anew. */
  wakeAll(): void {
    for (const uuid of this.#lanes.uuids()) this.wake(uuid);
  }

  /** A subscription was enabled again: what was parked goes out, the oldest first, no faster than allowed. */
  resume(subscriptionUuid: string): void {
    const lane = this.#lanes.find(subscriptionUuid);
    if (lane !== undefined && lane.storedDueAt !== Infinity)
      this.#lanes.beginCatchUp(lane, () => this.wake(subscriptionUuid));
    this.reconsider(subscriptionUuid);
  }

  /** A subscription was changed or deleted, or a delivery of it cancelled: what waits for it is looked at again. */
  reconsider(subscriptionUuid: string): void {
    const lane = this.#lanes.find(subscriptionUuid);
    if (lane === undefined) {
      if (this.#options.findSubscription(subscriptionUuid) === undefined)
        this.#lanes.forget(subscriptionUuid);
      return;
    }
    // What held up an ordered lane may be gone, and so may its order.
    const wasOrdered = lane.isOrdered;
    this.#lanes.configure(lane);
    if (lane.releaseWaiting() > 0 || wasOrdered) lane.leaveInStore(Date.now());
    lane.isChanged = lane.isOrdered && lane.held > 0;
    this.#turns.place(lane);
    this.#refill.watch(lane);
  }

  /** A service came or went. */
  reconsiderAll(): void {
    for (const uuid of this.#lanes.uuids()) this.reconsider(uuid);
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

  /** How many more deliveries the lane may hold. Every lane may hold what it may have in flight, whatever the others hold. */
  #room(lane: Lane): number {
    const { limits } = this.#options;
    const isTooLarge = this.#load.size >= limits.maxHeldSize;
    const entitled = (isTooLarge ? 1 : lane.maxInFlight) - lane.held;
    const spare = isTooLarge
      ? 0
      : Math.min(limits.maxHeldPerSubscription - lane.held, limits.maxHeld - this.#load.held);
    return Math.max(entitled, spare);
  }

  #hold(lane: Lane, delivery: Delivery): void {
    lane.hold(delivery);
    this.#turns.place(lane);
  }

  /** Starts attempts while there are lanes with a turn and places in flight. */
  #pump(): void {
    while (this.#inFlight < this.#options.limits.maxInFlight && !this.#isStopped) {
      const turn = this.#turns.next();
      if (turn === undefined) return;
      this.#start(turn.lane, turn.delivery);
      this.#turns.place(turn.lane);
    }
  }

  #start(lane: Lane, delivery: Delivery): void {
    const subscription = this.#options.findSubscription(lane.subscriptionUuid);
    const service = this.#lanes.serviceOf(lane);
    if (subscription === undefined || service === undefined) {
      lane.release(delivery);
      lane.leaveInStore(Date.now());
      this.#refill.watch(lane);
      return;
    }
    void this.#make(lane, subscription, service, delivery);
  }

  async #make(
    lane: Lane,
    subscription: Subscription,
    service: RunnableService,
    delivery: Delivery,
  ): Promise<void> {
    const { endpoint } = lane;
    this.#begin(lane, delivery);
    const startedAt = Date.now();
    let result: AttemptResult | undefined;
    try {
      result = await this.#attempt(service, subscription, delivery);
      if (result !== undefined)
        this.#finish(lane, { subscription, service, delivery, startedAt, result });
    } catch (error) {
      // A mistake of our own must not end the daemon: it would come back with the delivery, start after start.
      this.#options.log.error(
        { err: error, delivery: delivery.id, subscription: subscription.uuid },
        `an attempt has no outcome, and its delivery waits for the next start: ${messageOf(error)}`,
      );
    }
    lane.inFlight--;
    this.#inFlight--;
    endpoint?.end(signOf(result));
    measure(lane, Date.now() - startedAt);
    this.#turns.place(lane);
    this.#turns.callNext(service);
    if (endpoint !== undefined) this.#turns.callNext(endpoint);
    this.#pump();
    this.#onRelief();
    if (this.#inFlight === 0) this.#whenQuiet?.();
  }

  #begin(lane: Lane, delivery: Delivery): void {
    lane.inFlight++;
    this.#inFlight++;
    lane.endpoint?.begin();
    lane.pace?.take();
    // What was parked comes first: the first that was not shows that there is no more of it.
    if (lane.catchUp !== undefined && delivery.event.receivedAt >= lane.catchUp.until)
      this.#lanes.endCatchUp(lane);
    lane.catchUp?.pace.take();
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

  #finish(lane: Lane, attempt: EndedAttempt): void {
    // The next one is known when this outcome is on disk: what failed goes first, and after a crash nothing that
    // succeeded is made again behind another.
    if (lane.isOrdered) lane.isHeldUp = true;
    this.#outcomes.keep(attempt, ({ nextAttemptAt, made }) => {
      this.#settled(lane, attempt.delivery, nextAttemptAt);
      if (made.length > 0) this.offer(made);
    });
  }

  /** The outcome is on disk. */
  #settled(lane: Lane, delivery: Delivery, nextAttemptAt: number | null): void {
    lane.release(delivery);
    if (nextAttemptAt !== null) {
      lane.leaveInStore(lane.isChanged ? Date.now() : nextAttemptAt);
      // What waits in an ordered lane comes back from the store after the delivery that failed.
      if (lane.isOrdered) lane.releaseWaiting();
    }
    if (lane.inFlight === 0) lane.isChanged = false;
    if (lane.isHeldUp) {
      lane.isHeldUp = false;
      this.#turns.place(lane);
      this.#pump();
    }
    if (lane.waiting === 0 && lane.storedDueAt === Infinity) this.#lanes.endCatchUp(lane);
    this.#refill.watch(lane);
  }
}

/** Whether the store has deliveries of the lane that come before this one. */
function isBehind(lane: Lane, { event }: Delivery): boolean {
  const nextBefore = lane.isOrdered ? Infinity : event.receivedAt + 1;
  return lane.isFetching || lane.storedDueAt < nextBefore;
}

/** @param duration of an attempt, ms */
function measure(lane: Lane, duration: number): void {
  const isPaced = lane.pace !== undefined || lane.catchUp !== undefined;
  lane.setQuick(duration < quickAnswer && !isPaced);
}
