/**
 * Keeps the store within a size: the oldest final deliveries go, then parked ones. What is still to be
 * delivered stays, and people are told when that alone is too much.
 */
import type { Logger } from 'pino';
import type { PurgeSlice, Store } from '../store/store.ts';
import { addTo, betweenSlices, noneYet, type Purged } from './purged.ts';

/** From so much of the limit on the oldest go, until it is down to this much. */
const share = { begin: 0.95, end: 0.93 };

/** So much free space is worth giving back to the disk, as a share of the limit. */
const worthShrinking = 0.01;

/** When nothing is left that may go, all is looked through again after this long, ms. */
const rest = 60_000;

/** People are told of parked deliveries that went at most this often, ms. */
const warnEvery = 60_000;

export interface SizeLimitOptions {
  store: Pick<Store, 'purge' | 'size' | 'shrink'>;
  /** bytes */
  maxSize: number;
  /** Between two slices work ends when this is true. */
  isStopped: () => boolean;
  onPurged: (purged: Purged) => void;
  log: Logger;
}

export class SizeLimit {
  readonly #options: SizeLimitOptions;
  #restsUntil = 0;
  #isOver = false;
  #isReached = false;
  #canShrink = true;
  /** Parked deliveries that went, of which nobody was told yet. */
  #parked = 0;
  #warnedAt = -Infinity;

  constructor(options: SizeLimitOptions) {
    this.#options = options;
  }

  /** Looks how large the store is, and does what it takes. Rejects as the store does. */
  async check(): Promise<void> {
    const { store, maxSize } = this.#options;
    const { total, free } = await store.size();
    let used = total - free;
    if (used > maxSize * share.begin && performance.now() >= this.#restsUntil)
      used = await this.#purge(used);
    this.#tellOfPending(used);
    if (performance.now() - this.#warnedAt >= warnEvery) this.tellOfParked();
    if (total > maxSize && total - used > maxSize * worthShrinking && this.#canShrink)
      await this.#shrink(total, Math.max(used, maxSize * share.begin));
  }

  /** Warns of parked deliveries that went since the last warning. */
  tellOfParked(): void {
    if (this.#parked === 0) return;
    this.#options.log.warn(
      { parked: this.#parked },
      `${this.#parked} parked deliveries were never made: the database has reached delivery.max_size, and they were the oldest`,
    );
    this.#parked = 0;
    this.#warnedAt = performance.now();
  }

  async #purge(usedBefore: number): Promise<number> {
    const { maxSize, log, onPurged } = this.#options;
    if (!this.#isReached)
      log.info(
        { used: usedBefore, max_size: maxSize },
        'the database has reached delivery.max_size: from now on the oldest deliveries are removed',
      );
    this.#isReached = true;
    const purged = { ...noneYet };
    let used = await this.#pass(purged, false);
    if (used > maxSize * share.end) used = await this.#pass(purged, true);
    if (used > maxSize * share.end) this.#restsUntil = performance.now() + rest;
    this.#parked += purged.parked;
    onPurged(purged);
    log.debug({ ...purged, used }, 'the oldest deliveries removed');
    return used;
  }

  /** From the oldest on until it fits; how many bytes are used then. */
  async #pass(purged: Purged, takesParked: boolean): Promise<number> {
    const { store, maxSize, isStopped } = this.#options;
    const downTo = maxSize * share.end;
    const before = Date.now();
    for (let after = ''; ;) {
      const slice: PurgeSlice = await store.purge({ before, after, takesParked, downTo });
      addTo(purged, slice);
      if (slice.next === null || slice.used <= downTo || isStopped()) return slice.used;
      after = slice.next;
      await betweenSlices();
    }
  }

  async #shrink(total: number, to: number): Promise<void> {
    const { store, isStopped } = this.#options;
    for (let before = total, now = total; now > to && !isStopped(); before = now) {
      now = await store.shrink(to);
      if (now >= before) {
        // A file that was not made for it: what is free in it is used again, that is all.
        this.#canShrink = before < total;
        return;
      }
      await betweenSlices();
    }
  }

  /** Once when it begins, and once when it is over. */
  #tellOfPending(used: number): void {
    const { maxSize, log } = this.#options;
    const isOver = used > maxSize;
    if (isOver === this.#isOver) return;
    this.#isOver = isOver;
    const sizes = { used, max_size: maxSize };
    if (isOver)
      log.warn(
        sizes,
        'the database is larger than delivery.max_size, and grows: all that is left in it is still to be delivered, and is kept. See webhookd delivery list --status pending',
      );
    else log.info(sizes, 'the database fits into delivery.max_size again');
  }
}
