/**
 * Lets go of what is old: daily, and when somebody asks. Pending deliveries stay, whatever their age,
 * unless they are parked.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { PurgeSlice, Store } from '../store/store.ts';

const day = 86_400_000;

/** Until the first purge after a start, ms: a start has other things to do. */
const firstDelay = 60_000;

/** Between two slices, ms: commits get more of the disk than the purge does. */
const pause = 20;

/** What a purge removed. */
export type Purged = Pick<PurgeSlice, 'events' | 'deliveries' | 'attempts' | 'parked'>;

export interface RetentionOptions {
  store: Pick<Store, 'purge'>;
  /** null: everything is kept. */
  days: number | null;
  log: Logger;
}

export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    const { days } = this.#options;
    if (days !== null) this.#purgeIn(firstDelay, days);
  }

  /** A purge that runs ends after its slice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#last.catch(() => undefined);
  }

  /** Removes what was received longer ago, after a purge that already runs. Rejects as the store does. */
  purge(days: number): Promise<Purged> {
    const purged = this.#last
      .catch(() => undefined)
      .then(() => this.#purgeBefore(Date.now() - days * day));
    this.#last = purged;
    return purged;
  }

  async #purgeBefore(before: number): Promise<Purged> {
    const { store, log } = this.#options;
    const purged: Purged = { events: 0, deliveries: 0, attempts: 0, parked: 0 };
    for (let after: string | null = ''; after !== null && !this.#isStopped;) {
      const slice: PurgeSlice = await store.purge({ before, after });
      for (const key of ['events', 'deliveries', 'attempts', 'parked'] as const)
        purged[key] += slice[key];
      after = slice.next;
      if (after !== null) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    if (purged.parked > 0)
      log.warn(purged, `${purged.parked} parked deliveries were never made: they are too old`);
    if (purged.deliveries > 0) log.info(purged, 'old deliveries removed');
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
}
