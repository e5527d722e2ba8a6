/**
 * Shares the cost of an fsync: whatever arrived or finished while the last commit was on its way to the
 * disk goes into the next one. When there is much, the next one does not wait for the last: the store's thread has work
 * while this one has. What became of them is told in the order of arrival all the same.
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

/**
 * So many records wait neither for the commit before nor for the pause: this thread may have a long turn to end before
 * it sees the answer, and the store's would have nothing to do meanwhile, and then this one.
 */
const full = 100;

/** Pause between two tries to commit while the store is unavailable, ms. */
const retryDelay = { first: 100, longest: 5_000 };

export class GroupCommit {
  #queue: Item[] = [];
  /** Commits that have begun and whose records are not told of yet. */
  #underWay = 0;
  /** Whether the last of them, and thereby every one before it, was kept; false when one was dropped by {@link stop}. */
  #last: Promise<boolean> = Promise.resolve(true);
  #isDue = false;
  /** A commit of few records begins no earlier, on the clock of `performance`, ms. */
  #notBefore = 0;
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
    while ((this.#underWay > 0 || this.#queue.length > 0) && this.#failure === undefined)
      await this.#change();
  }

  /** No tries from now on; what is not on disk is dropped, unacked. */
  stop(): void {
    this.#isStopped = true;
  }

  #add(item: Item): void {
    this.#queue.push(item);
    this.#proceed();
  }

  /** Begins a commit now or soon, if there is anything to commit. */
  #proceed(): void {
    if (this.#queue.length === 0 || this.#isStopped) return;
    // While nothing can be written one try at a time is enough.
    if (this.#queue.length >= full && this.#failure === undefined) this.#begin();
    else if (this.#underWay === 0 && !this.#isDue) this.#beginSoon();
  }

  /** After this turn of the event loop, so that what came with the same packet shares the commit, or after a pause. */
  #beginSoon(): void {
    this.#isDue = true;
    const begin = () => {
      this.#isDue = false;
      if (this.#underWay === 0 && this.#queue.length > 0 && !this.#isStopped) this.#begin();
    };
    const pause = this.#notBefore - performance.now();
    if (pause > 0) setTimeout(begin, pause);
    else setImmediate(begin);
  }

  #begin(): void {
    const items = this.#queue;
    this.#queue = [];
    this.#underWay++;
    this.#last = this.#commitItems(items, this.#last).then((isKept) => {
      this.#underWay--;
      if (items.length >= busy.records) this.#notBefore = performance.now() + busy.pause;
      this.#proceed();
      this.#notify();
      return isKept;
    });
  }

  /**
   * Tells of the records when they are on disk, after those of the commit before: an ack covers all messages before
   * its own.
   *
   * @returns whether they and all before them were told of
   */
  async #commitItems(items: Item[], before: Promise<boolean> | boolean): Promise<boolean> {
    const end = await this.#write(items);
    if (end instanceof Error && items.length > 1) return this.#commitOneByOne(items, before);
    if (end === 'dropped' || !(await before)) return false;
    // A record that is refused shows as well that the store works.
    this.#recovered();
    const error = end === 'kept' ? undefined : end;
    if (error !== undefined)
      this.log.error({ err: error }, 'a record cannot be stored; this is a bug');
    for (const { done } of items) done(error);
    return true;
  }

  /** One bad record must not hold up the others. */
  async #commitOneByOne(items: Item[], before: Promise<boolean> | boolean): Promise<boolean> {
    let areKept = await before;
    for (const item of items) areKept = await this.#commitItems([item], areKept);
    return areKept;
  }

  /** Tries until the records are on disk, {@link stop} is called, or it is plain that they can never be. */
  async #write(items: Item[]): Promise<'kept' | 'dropped' | Error> {
    for (
      let delay = retryDelay.first;
      !this.#isStopped;
      delay = Math.min(delay * 2, retryDelay.longest)
    ) {
      try {
        await this.store.commit(toBatch(items));
        return 'kept';
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) return error as Error;
        this.#failed(error);
        await sleep(delay);
      }
    }
    return 'dropped';
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
