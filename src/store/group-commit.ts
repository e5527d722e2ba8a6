/**
 * Shares the cost of an fsync: whatever arrived or finished while the last commit was on its way to the
 * disk goes into the next one. One commit at a time, in the order of arrival.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import {
  type AttemptRecord,
  type EventRecord,
  type Store,
  StoreUnavailable,
  type WriteBatch,
} from './store.ts';

/** Called once: without an error when the record is on disk, with one when it can never be. */
type Done = (error?: Error) => void;

type Item = { event: EventRecord; done: Done } | { attempt: AttemptRecord; done: Done };

/**
 * After a commit of so many records there is a pause before the next, so that it carries many too: under
 * load a commit costs about the same whatever it carries. With few records nobody waits.
 */
const busy = { records: 32, pause: 3 };

/** Pause between two tries to commit while the store is unavailable, ms. */
const retryDelay = { first: 100, longest: 5_000 };

export class GroupCommit {
  #queue: Item[] = [];
  #isCommitting = false;
  #isStopped = false;
  #failure: Error | undefined;
  #waiters: (() => void)[] = [];

  constructor(
    private readonly store: Pick<Store, 'commit'>,
    private readonly log: Logger,
  ) {}

  /** Why nothing can be committed at present; undefined when all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  addEvent(event: EventRecord, done: Done): void {
    this.#add({ event, done });
  }

  addAttempt(attempt: AttemptRecord, done: Done): void {
    this.#add({ attempt, done });
  }

  /** Resolves as soon as commits work. */
  async working(): Promise<void> {
    while (this.#failure !== undefined) await this.#change();
  }

  /** Resolves when all that was added is on disk, or when the store is unavailable: then waiting is useless. */
  async drained(): Promise<void> {
    while ((this.#isCommitting || this.#queue.length > 0) && this.#failure === undefined)
      await this.#change();
  }

  /** No tries from now on; what is not on disk is dropped, unacked. */
  stop(): void {
    this.#isStopped = true;
  }

  #add(item: Item): void {
    this.#queue.push(item);
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    // After this turn of the event loop, so that what came with the same packet shares the commit.
    setImmediate(() => void this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#isStopped) {
      const items = this.#queue;
      this.#queue = [];
      await this.#commitItems(items);
      if (items.length >= busy.records) await sleep(busy.pause);
    }
    this.#isCommitting = false;
    this.#notify();
  }

  async #commitItems(items: Item[]): Promise<void> {
    for (
      let delay = retryDelay.first;
      !this.#isStopped;
      delay = Math.min(delay * 2, retryDelay.longest)
    ) {
      try {
        await this.store.commit(toBatch(items));
        this.#recovered();
        for (const { done } of items) done();
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          await this.#commitOneByOne(items, error as Error);
          return;
        }
        this.#failed(error);
        await sleep(delay);
      }
    }
  }

  /** One bad record must not hold up the others. */
  async #commitOneByOne(items: Item[], error: Error): Promise<void> {
    const [first] = items;
    if (items.length > 1) {
      for (const item of items) await this.#commitItems([item]);
    } else if (first !== undefined) {
      this.log.error({ err: error }, 'a record cannot be stored; this is a bug');
      first.done(error);
    }
  }

  #failed(error: Error): void {
    if (this.#failure === undefined) {
      this.log.error(
        `the store is unavailable, consuming pauses until it is back: ${messageOf(error)}`,
      );
    }
    this.#failure = error;
    this.#notify();
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.log.info('the store is available again');
    this.#failure = undefined;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #notify(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

function toBatch(items: Item[]): WriteBatch {
  const batch: WriteBatch = { events: [], attempts: [] };
  for (const item of items) {
    if ('event' in item) batch.events.push(item.event);
    else batch.attempts.push(item.attempt);
  }
  return batch;
}
