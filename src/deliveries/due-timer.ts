/** Tells when things are due, with one timer for all of them. */

/** Shortest pause between two looks, ms: what becomes due close together is handled together. */
const granularity = 20;

/** Longest pause, ms: the wall clock may be set, and timers do not know. */
const longestPause = 60_000;

export class DueTimer<T> {
  readonly #dueAt = new Map<T, number>();
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Infinity;
  #isStopped = false;

  /** @param onDue gets what is due, which is forgotten then */
  constructor(private readonly onDue: (items: T[]) => void) {}

  /** @param dueAt ms since the epoch; replaces an earlier time of the same item */
  set(item: T, dueAt: number): void {
    this.#dueAt.set(item, dueAt);
    if (dueAt < this.#firesAt) this.#arm(dueAt);
  }

  forget(item: T): void {
    this.#dueAt.delete(item);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(dueAt: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#firesAt = dueAt;
    const pause = Math.min(Math.max(dueAt - Date.now(), granularity), longestPause);
    this.#timer = setTimeout(() => this.#fire(), pause);
  }

  #fire(): void {
    this.#firesAt = Infinity;
    const now = Date.now();
    const due: T[] = [];
    let next = Infinity;
    for (const [item, dueAt] of this.#dueAt) {
      if (dueAt <= now) {
        this.#dueAt.delete(item);
        due.push(item);
      } else {
        next = Math.min(next, dueAt);
      }
    }
    if (next !== Infinity) this.#arm(next);
    if (due.length > 0) this.onDue(due);
  }
}
