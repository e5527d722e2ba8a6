/**
 * What the bus is to be told, until the broker has it. It is kept with the change it tells of, so that neither
 * a crash nor a broker that is away loses any of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v4 as uuidv4 } from 'uuid';
import { Backoff } from '../backoff.ts';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { OutgoingEvent } from './message.ts';

/** So many are published at once. */
const pageSize = 100;

export interface OutboxOptions {
  store: Pick<Store, 'announcements' | 'deleteAnnouncements'>;
  /** Resolves when the broker confirmed it; rejects when it is not on its way to the broker any more. */
  publish: (event: OutgoingEvent, messageId: string) => Promise<void>;
  /** Longest pause between two tries, ms. */
  maxDelay: number;
  log: Logger;
}

interface Packed {
  messageId: string;
  event: OutgoingEvent;
}

/** An event as it is kept: whenever it is published, it tells when it happened, and is known as the same one. */
export const packAnnouncement = (event: OutgoingEvent): string =>
  JSON.stringify({
    messageId: uuidv4(),
    event: { ...event, headers: { timestamp: new Date().toISOString(), ...event.headers } },
  } satisfies Packed);

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isRunning = false;
  #isWoken = false;
  /** Why the last try failed; undefined when it did not. */
  #failure: string | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Publishes what is kept, the oldest first; returns at once. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run();
  }

  /** Begins nothing new. What is not confirmed is published at the next start. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Resolves after {@link stop} when nothing is on its way any more. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const backoff = new Backoff(100, this.#options.maxDelay);
    while (this.#isWoken && !signal.aborted) {
      this.#isWoken = false;
      try {
        while (!signal.aborted && (await this.#publishPage())) backoff.reset();
        this.#failure = undefined;
      } catch (error) {
        this.#tell(messageOf(error));
        this.#isWoken = true;
        await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
    // In the same turn as the last look at what woke us: nothing is slept through.
    this.#isRunning = false;
  }

  /** Whether there was anything. Throws when not all of it was confirmed. */
  async #publishPage(): Promise<boolean> {
    const { store, publish } = this.#options;
    const page = await store.announcements(pageSize);
    const results = await Promise.allSettled(
      page.map(({ message }) => {
        const { event, messageId } = JSON.parse(message) as Packed;
        return publish(event, messageId);
      }),
    );
    const confirmed = page.filter((_one, place) => results[place]?.status === 'fulfilled');
    if (confirmed.length > 0) await store.deleteAnnouncements(confirmed.map(({ id }) => id));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    return page.length > 0;
  }

  /** The same reason over and over is told once. */
  #tell(reason: string): void {
    if (reason !== this.#failure && !this.#stopping.signal.aborted)
      this.#options.log.warn(`the bus cannot be told of changes, they are kept: ${reason}`);
    this.#failure = reason;
  }
}
