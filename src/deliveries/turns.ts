/**
 * Whose turn it is: the lanes with a delivery to attempt and a free place go round, first attempts before
 * retries. A lane that something holds up (a service, an endpoint or a pace) is in the queue for that instead.
 */
import type { Delivery } from '../model.ts';
import type { Lane, Waiting } from './lane.ts';

/** One pick in so many prefers a retry, so that a flood of new events cannot put off retries for ever. */
const retryShare = 8;

export class Turns {
  /** Lanes in the order of their turns. */
  readonly #rows: Record<Waiting, Set<Lane>> = { fresh: new Set(), retries: new Set() };
  /** Lanes that are held up, by what holds them up. */
  readonly #queues = new Map<object, Set<Lane>>();
  #picks = 0;

  /** @param obstacleOf what holds a lane up at present, if anything does */
  constructor(private readonly obstacleOf: (lane: Lane) => object | undefined) {}

  /** Puts the lane in the rows it belongs to; it keeps the place it has. */
  place(lane: Lane): void {
    const isFree = lane.inFlight < lane.maxInFlight && !lane.isHeldUp && !this.#queuesUp(lane);
    const { fresh, retries } = this.#rows;
    setPlace(fresh, lane, isFree && lane.fresh.length > 0);
    setPlace(retries, lane, isFree && lane.retries.length > 0);
  }

  /** The next delivery to be attempted, which waits no more; its lane is to be placed again. */
  next(): { lane: Lane; delivery: Delivery } | undefined {
    for (;;) {
      const waiting = this.#pick();
      const lane = this.#rows[waiting].values().next().value;
      if (lane === undefined) return undefined;
      this.#rows[waiting].delete(lane);
      // Since it got its turn, other lanes may have taken what it needs.
      const delivery = this.#queuesUp(lane) ? undefined : lane.take(waiting);
      if (delivery !== undefined) return { lane, delivery };
      this.place(lane);
    }
  }

  /** Something holds up no more, or less: the lanes that wait longest have their turn. */
  callNext(obstacle: object): void {
    const queue = this.#queues.get(obstacle);
    if (queue === undefined) return;
    for (const lane of queue) {
      if (this.obstacleOf(lane) === obstacle) return;
      queue.delete(lane);
      this.place(lane);
    }
    if (queue.size === 0) this.#queues.delete(obstacle);
  }

  #pick(): Waiting {
    const prefersRetry = ++this.#picks % retryShare === 0;
    const { fresh, retries } = this.#rows;
    return retries.size > 0 && (prefersRetry || fresh.size === 0) ? 'retries' : 'fresh';
  }

  /** Whether the lane has to wait; it is then in the queue for what it waits for. */
  #queuesUp(lane: Lane): boolean {
    const obstacle = lane.waiting > 0 ? this.obstacleOf(lane) : undefined;
    if (obstacle === undefined) return false;
    const queue = this.#queues.get(obstacle);
    if (queue === undefined) this.#queues.set(obstacle, new Set([lane]));
    else queue.add(lane);
    lane.setQuick(false);
    return true;
  }
}

function setPlace(row: Set<Lane>, lane: Lane, isIn: boolean): void {
  if (isIn) row.add(lane);
  else row.delete(lane);
}
