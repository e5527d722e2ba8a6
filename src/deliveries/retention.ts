/**
 * Lets go of what is old, deliveries and replays: daily, when somebody asks, and whenever the store becomes too large. Pending
 * deliveries stay, whatever their age, unless they are parked.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { PurgeSlice, Store } from '../store/store.ts';
import { Turn } from '../turn.ts';
import { addTo, betweenSlices, noneYet, type Purged } from './purged.ts';
import { SizeLimit } from './size-limit.ts';

const day = 86_400_000;

/** Until the first purge after a start, ms: a start has other things to do. */
const firstDelay = 60_000;

/** How often is looked how large the store is, ms: within that it grows by little. */
const sizeInterval = 1_000;

export interface RetentionOptions {
  store: Pick<Store, 'purge' | 'size' | 'shrink'>;
  /** null: everything is kept. */
  days: number | null;
  /** bytes; null: however large. */
  maxSize: number | null;
  onPurged: (reason: 'age' | 'size', purged: Purged) => void;
  log: Logger;
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #sizeLimit: SizeLimit | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sizeTimer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Whether the last look at the size failed. */
  #isFailing = false;
  /** One purge at a time: a commit waits for one slice, not for two. */
  readonly #turn = new Turn();

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { store, maxSize, onPurged, log } = options;
    if (maxSize !== null)
      this.#sizeLimit = new SizeLimit({
        store,
        maxSize,
        isStopped: () => this.#isStopped,
        onPurged: (purged) => onPurged('size', purged),
        log,
      });
  }

  start(): void {
    const { days } = this.#options;
    if (days !== null) this.#purgeIn(firstDelay, days);
    if (this.#sizeLimit !== undefined) this.#watchSize(this.#sizeLimit);
  }

  /** A purge that runs ends after its slice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#sizeTimer);
    await this.#turn.over();
    this.#sizeLimit?.tellOfParked();
  }

  /** Removes what was received longer ago, after a purge that already runs. Rejects as the store does. */
  purge(days: number): Promise<Purged> {
    return this.#turn.take(() => this.#purgeBefore(Date.now() - days * day));
  }

  async #purgeBefore(before: number): Promise<Purged> {
    const { store, log, onPurged } = this.#options;
    const purged = { ...noneYet };
    for (let after: string | null = ''; after !== null && !this.#isStopped;) {
      const slice: PurgeSlice = await store.purge({
        before,
        after,
        takesParked: true,
        downTo: null,
      });
      addTo(purged, slice);
      after = slice.next;
      if (after !== null) await betweenSlices();
    }
    onPurged('age', purged);
    if (purged.parked > 0)
      log.warn(purged, `${purged.parked} parked deliveries were never made: they are too old`);
    if (purged.deliveries + purged.replays > 0) log.info(purged, 'old deliveries removed');
    return purged;
  }

  #purgeIn(delay: number, days: number): void {
    this.#timer = setTimeout(() => {
      this.purge(days)
        .catch((error: unknown) =>
          this.#options.log.warn(`old deliveries not removed: ${messageOf(error)}`),
        )
        .finally(() => {
          if (!this.#isStopped) this.#purgeIn(day, days);
        });
    }, delay);
    this.#timer.unref();
  }

  #watchSize(limit: SizeLimit): void {
    this.#sizeTimer = setTimeout(() => {
      this.#turn
        .take(() => limit.check())
        .then(() => (this.#isFailing = false))
        .catch((error: unknown) => this.#sizeFailed(error))
        .finally(() => {
          if (!this.#isStopped) this.#watchSize(limit);
        });
    }, sizeInterval);
    this.#sizeTimer.unref();
  }

  #sizeFailed(error: unknown): void {
    if (!this.#isFailing)
      this.#options.log.warn(
        `the size of the database is not looked after until that works again: ${messageOf(error)}`,
      );
    this.#isFailing = true;
  }
}
