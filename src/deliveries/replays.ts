/**
 * Takes up deliveries of the past again, a few at a time. Each slice is kept together with how far the
 * replay has come, so that a restart goes on where it was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { messageOf } from '../errors.ts';
import type { Replay, ReplaySelection } from '../model.ts';
import type { Store } from '../store/store.ts';
import { Turn } from '../turn.ts';

export interface ReplaysOptions {
  store: Pick<Store, 'countReplay' | 'replays' | 'replay' | 'putReplay' | 'advanceReplay'>;
  /** Deliveries a second, for each replay. */
  rate: number;
  /** The store has deliveries of a subscription that are due. */
  wake: (subscriptionUuid: string) => void;
  log: Logger;
}

/** Between two slices, ms. */
const pause = 200;

/** Pause after the store failed, ms. */
const failurePause = 5_000;

export class Replays {
  readonly #options: ReplaysOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #turn = new Turn();
  readonly #stopped = new AbortController();

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /** Goes on with what was running when the daemon was stopped. */
  async start(): Promise<void> {
    for (const replay of await this.#options.store.replays())
      if (replay.status === 'running') this.#run(replay);
  }

  /** A slice that is on its way is waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running.values());
  }

  /** Begins one. */
  async create(subscriptionUuid: string, selection: ReplaySelection): Promise<Replay> {
    const { store } = this.#options;
    const now = Date.now();
    // What comes from now on is delivered anyway.
    const bounded = { ...selection, until: Math.min(selection.until ?? Infinity, now) };
    const counts = await store.countReplay(subscriptionUuid, bounded);
    const replay: Replay = {
      id: uuidv7(),
      subscriptionUuid,
      selection: bounded,
      status: 'running',
      total: selection.statuses.reduce((sum, status) => sum + counts[status], 0),
      done: 0,
      after: '',
      createdAt: now,
      endedAt: null,
    };
    await store.putReplay(replay);
    this.#run(replay);
    return replay;
  }

  /**
   * Takes up nothing more; null when there is none of that id. A slice that is on its way is waited for, and the next
   * one finds out. When it rejects the replay goes on.
   */
  cancel(id: string): Promise<Replay | null> {
    const { store } = this.#options;
    return this.#turn.take(async () => {
      const replay = await store.replay(id);
      if (replay?.status !== 'running') return replay;
      const cancelled: Replay = { ...replay, status: 'cancelled', endedAt: Date.now() };
      await store.putReplay(cancelled);
      return cancelled;
    });
  }

  #run(replay: Replay): void {
    const { id, subscriptionUuid } = replay;
    this.#running.set(
      id,
      this.#advance(replay).finally(() => {
        this.#running.delete(id);
        this.#options.log.info({ replay: id, subscription: subscriptionUuid }, 'a replay ended');
      }),
    );
  }

  /** Never rejects. */
  async #advance(first: Replay): Promise<void> {
    const { store, rate, wake, log } = this.#options;
    let replay = first;
    let allowed = 0;
    while (replay.status === 'running' && !this.#stopped.signal.aborted) {
      allowed += (rate * pause) / 1000;
      const limit = Math.floor(allowed);
      try {
        if (limit > 0) {
          allowed -= limit;
          const from = replay;
          replay = await this.#turn.take(() => store.advanceReplay(from, limit, Date.now()));
          wake(replay.subscriptionUuid);
        }
        await this.#sleep(pause);
      } catch (error) {
        log.warn({ replay: replay.id }, `a replay has to wait: ${messageOf(error)}`);
        await this.#sleep(failurePause);
      }
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
