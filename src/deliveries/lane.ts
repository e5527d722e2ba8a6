/** The deliveries of one subscription: what is in memory, and when the store has more. */
import type { Delivery } from '../model.ts';
import type { Endpoint } from './endpoint.ts';
import type { Pace } from './pace.ts';

/** What all lanes hold together. */
export class Load {
  /** Deliveries in memory. */
  held = 0;
  /** Size of their events, bytes. */
  size = 0;
  /** Deliveries that wait for endpoints that answer quickly. */
  pressure = 0;
}

/** The two kinds of deliveries that wait for an attempt. */
export type Waiting = 'fresh' | 'retries';

export class Lane {
  readonly #fresh: Delivery[] = [];
  readonly #retries: Delivery[] = [];
  /**
   * In memory: waiting, in flight, or with an outcome that is not on disk yet; about the oldest first.
   *
   * No Map: V8 moves one whose entries come and go to a new table again and again, and chains the former ones, with
   * all that was in them, to each other. Once the first has grown old, everything stays until a full collection.
   */
  readonly #held: Delivery[] = [];
  /** Settled while the store is being asked: its answer may still name them. */
  readonly #settledMeanwhile = new Set<string>();
  /** Attempts in flight. */
  inFlight = 0;
  /** Size of the events held, bytes. */
  heldSize = 0;
  /** When the first delivery that is only in the store is due; Infinity when there is none. */
  storedDueAt = Infinity;
  /** How many attempts may run at once. */
  maxInFlight = 1;
  /** One at a time, in the order of the events. */
  isOrdered = false;
  /** Of an ordered lane: an outcome is on its way to the disk, and shows what comes next. */
  isHeldUp = false;
  /** Of an ordered lane: what is in flight may have been cancelled. When it fails, the store knows what comes next. */
  isChanged = false;
  /** The rate the subscription asks for. */
  pace: Pace | undefined;
  /** The rate at which what was parked goes out: what was received before `until`. */
  catchUp: { pace: Pace; until: number } | undefined;
  endpoint: Endpoint | undefined;
  #isQuick = false;
  #isFetching = false;
  #isOutdated = false;

  constructor(
    readonly subscriptionUuid: string,
    private readonly load: Load,
  ) {}

  /** Waiting for their first attempt. */
  get fresh(): readonly Delivery[] {
    return this.#fresh;
  }

  /** Waiting for another attempt. */
  get retries(): readonly Delivery[] {
    return this.#retries;
  }

  get held(): number {
    return this.#held.length;
  }

  get waiting(): number {
    return this.#fresh.length + this.#retries.length;
  }

  get isFetching(): boolean {
    return this.#isFetching;
  }

  /** Whether what waited was let go since the store was asked: its answer may not hold any more. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Nothing here and nothing in the store. */
  get isIdle(): boolean {
    return this.#held.length === 0 && this.storedDueAt === Infinity && !this.#isFetching;
  }

  /** The ids of what is in memory, or was until after the store was asked. */
  knownIds(): ReadonlySet<string> {
    const ids = new Set(this.#settledMeanwhile);
    for (const { id } of this.#held) ids.add(id);
    return ids;
  }

  /** A delivery in memory, if it is there, has all of its schedule ahead. */
  renew(id: string): void {
    const delivery = this.#held.find((held) => held.id === id);
    if (delivery === undefined) return;
    delivery.attemptsBefore = delivery.attempts;
    delivery.isRenewed = true;
  }

  /** @param isQuick whether the last attempt was answered quickly: what waits here will not wait long */
  setQuick(isQuick: boolean): void {
    if (isQuick === this.#isQuick) return;
    this.#isQuick = isQuick;
    this.load.pressure += isQuick ? this.waiting : -this.waiting;
  }

  /** The delivery waits for an attempt. */
  hold(delivery: Delivery): void {
    this.#held.push(delivery);
    this.heldSize += delivery.size;
    this.load.held++;
    this.load.size += delivery.size;
    if (this.#isQuick) this.load.pressure++;
    const isFresh = delivery.attempts === delivery.attemptsBefore;
    // In the order they come in: that of the events, or the oldest first.
    const isNext = isFresh || this.isOrdered || this.catchUp !== undefined;
    (isNext ? this.#fresh : this.#retries).push(delivery);
  }

  /** The one that waits longest waits no more: it is attempted. */
  take(waiting: Waiting): Delivery | undefined {
    const delivery = (waiting === 'fresh' ? this.#fresh : this.#retries).shift();
    if (this.#isQuick && delivery !== undefined) this.load.pressure--;
    return delivery;
  }

  /** Lets go of everything that waits; how many there were. */
  releaseWaiting(): number {
    this.#isOutdated = this.#isFetching;
    if (this.#isQuick) this.load.pressure -= this.waiting;
    const released = [...this.#fresh.splice(0), ...this.#retries.splice(0)];
    for (const delivery of released) this.release(delivery);
    return released.length;
  }

  /** Lets go of a delivery whose outcome is on disk, or that goes back to the store. */
  release(delivery: Delivery): void {
    const place = this.#held.indexOf(delivery);
    if (place < 0) return;
    this.#held.splice(place, 1);
    this.heldSize -= delivery.size;
    this.load.held--;
    this.load.size -= delivery.size;
    if (this.#isFetching) this.#settledMeanwhile.add(delivery.id);
  }

  /** The store has a delivery that is not held, due at this time. */
  leaveInStore(dueAt: number): void {
    this.storedDueAt = Math.min(this.storedDueAt, dueAt);
  }

  beginFetch(): void {
    this.#isFetching = true;
    // What the store gets from now on may be missing in its answer, and is noted again.
    this.storedDueAt = Infinity;
  }

  endFetch(): void {
    this.#isFetching = false;
    this.#isOutdated = false;
    this.#settledMeanwhile.clear();
  }
}
