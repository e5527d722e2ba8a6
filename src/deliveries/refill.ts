/**
 * Fills lanes from the store: after an overflow, when a retry is due, and after a restart. One path for
 * all three, since in each the store holds deliveries that memory does not.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { Delivery } from '../model.ts';
import type { Store } from '../store/store.ts';
import { DueTimer } from './due-timer.ts';
import type { Lane } from './lane.ts';

export interface RefillOptions {
  store: Pick<Store, 'dueDeliveries' | 'deleteSubscription'>;
  log: Logger;
  /** Whether somebody provides the service; else the lane's deliveries wait. */
  isServed: (lane: Lane) => boolean;
  /** Whether the subscription was deleted. */
  isOrphaned: (lane: Lane) => boolean;
  /** How many more deliveries the lane may hold. */
  room: (lane: Lane) => number;
  /** How many more bytes may be held in all. */
  sizeLeft: () => number;
  /** With room for so many a lane is filled although deliveries wait in it. */
  ampleRoom: number;
  hold: (lane: Lane, delivery: Delivery) => void;
  /** Forgets a lane with nothing in memory. */
  drop: (lane: Lane) => void;
  /** Called after a lane was filled. */
  onFilled: () => void;
}

/** How many lanes are filled at once: commits share the store with them. */
const maxFetches = 4;

/** Pause after the store failed to answer, ms. */
const fetchRetryDelay = 1_000;

export class Refill {
  readonly #options: RefillOptions;
  readonly #due: DueTimer<Lane>;
  /** Lanes whose turn it is. */
  readonly #hungry = new Set<Lane>();
  #fetches = 0;
  #isStopped = false;

  constructor(options: RefillOptions) {
    this.#options = options;
    this.#due = new DueTimer((lanes) => {
      for (const lane of lanes) this.#hungry.add(lane);
      this.#fillHungry();
    });
  }

  /**
   * To be called whenever something of the lane has changed: sees to it that what it has in the store is
   * fetched when it is due and there is room, and that a lane with nothing left is forgotten.
   */
  watch(lane: Lane): void {
    const { isServed, isOrphaned, drop } = this.#options;
    if (lane.storedDueAt !== Infinity && this.#wantsMore(lane) && isServed(lane)) {
      // One that has its turn already must not get another: it would be filled twice at once.
      if (!this.#hungry.has(lane)) this.#due.set(lane, lane.storedDueAt);
      return;
    }
    this.#due.forget(lane);
    this.#hungry.delete(lane);
    // The end of the fetch watches it again: dropped before that it would be dropped twice.
    if (lane.isFetching) return;
    if (lane.isIdle) drop(lane);
    else if (lane.held === 0 && isOrphaned(lane)) this.#abandon(lane);
  }

  stop(): void {
    this.#isStopped = true;
    this.#due.stop();
  }

  /** A lane is filled when it has run dry, or when there is room for many. */
  #wantsMore(lane: Lane): boolean {
    const { room, ampleRoom } = this.#options;
    if (lane.isFetching) return false;
    const free = room(lane);
    return free > 0 && (lane.waiting === 0 || free >= ampleRoom);
  }

  /** Its subscription was deleted while an event was on its way to the disk. */
  #abandon(lane: Lane): void {
    const { store, drop, log } = this.#options;
    drop(lane);
    store.deleteSubscription(lane.subscriptionUuid).catch((error: unknown) => {
      log.error(
        { subscription: lane.subscriptionUuid },
        `deliveries of a deleted subscription cannot be cancelled: ${messageOf(error)}`,
      );
    });
  }

  #fillHungry(): void {
    while (this.#fetches < maxFetches && !this.#isStopped) {
      const lane = this.#hungry.values().next().value;
      if (lane === undefined) return;
      this.#hungry.delete(lane);
      void this.#fill(lane);
    }
  }

  async #fill(lane: Lane): Promise<void> {
    const { log, onFilled } = this.#options;
    this.#fetches++;
    lane.beginFetch();
    try {
      await this.#fetch(lane);
    } catch (error) {
      log.warn(
        { subscription: lane.subscriptionUuid },
        `waiting deliveries cannot be read: ${messageOf(error)}`,
      );
      lane.leaveInStore(Date.now() + fetchRetryDelay);
    }
    this.#fetches--;
    lane.endFetch();
    this.watch(lane);
    onFilled();
    this.#fillHungry();
  }

  async #fetch(lane: Lane): Promise<void> {
    const { store, room, sizeLeft, hold } = this.#options;
    const until = Date.now();
    const { deliveries, nextDueAt } = await store.dueDeliveries({
      subscriptionUuid: lane.subscriptionUuid,
      until,
      limit: lane.held + room(lane),
      isOrdered: lane.isOrdered,
      maxSize: lane.heldSize + sizeLeft(),
    });
    if (nextDueAt !== null) lane.leaveInStore(nextDueAt);
    const known = lane.knownIds();
    for (const delivery of deliveries) {
      if (known.has(delivery.id)) continue;
      if (room(lane) > 0 && !lane.isOutdated) hold(lane, delivery);
      else lane.leaveInStore(until);
    }
  }
}
