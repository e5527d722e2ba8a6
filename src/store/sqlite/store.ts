/** The store on SQLite: threads of its own do the work, so that the event loop never waits for the disk. */
import type {
  AccessToken,
  Attempt,
  DeliveryRecord,
  Replay,
  ReplaySelection,
  LoggedAttempt,
  PluginState,
  PluginVariable,
  Subscription,
} from '../../model.ts';
import {
  type Announcement,
  type AttemptQuery,
  type DeliveryPage,
  type DeliveryQuery,
  type ReplayCounts,
  type Backlog,
  type DueDeliveries,
  type DueQuery,
  type Failing,
  type PurgeQuery,
  type PurgeSlice,
  type Store,
  type StoreSize,
  StoreUnavailable,
  type WriteBatch,
} from '../store.ts';

import type { AttemptLog } from './attempt-log.ts';
import { packBatch } from './packed-batch.ts';
import { type Losses, StoreThread } from './thread.ts';
import type { SqliteWriter } from './writer.ts';

/** How long the log's thread waits for another question before it ends, ms. */
const logIdle = 30_000;

export class SqliteStore implements Store {
  /** Started when somebody reads the log: most of the time nobody does, and a thread takes megabytes. */
  #log: Promise<StoreThread> | undefined;
  #logTimer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly file: string,
    private readonly writer: StoreThread,
  ) {}

  /** Opens the file, making or migrating it. Rejects with {@link UserError} when it cannot or must not be used. */
  static async open(file: string, losses?: Losses): Promise<SqliteStore> {
    return new SqliteStore(file, await StoreThread.start(file, 'writer', losses));
  }

  commit(batch: WriteBatch): Promise<void> {
    return this.writer.call('commit', [packBatch(batch)]);
  }

  dueDeliveries(query: DueQuery): Promise<DueDeliveries> {
    return this.#call('dueDeliveries', query);
  }

  backlog(): Promise<Backlog[]> {
    return this.#call('backlog');
  }

  mendSchedule(now: number): Promise<number> {
    return this.#call('mendSchedule', now);
  }

  pending(): Promise<{ count: number; oldest: number | null }> {
    return this.#read('pending');
  }

  recentFingerprints(limit: number): Promise<string[]> {
    return this.#call('recentFingerprints', limit);
  }

  subscriptions(): Promise<Subscription[]> {
    return this.#call('subscriptions');
  }

  putSubscription(subscription: Subscription, announcements: string[] = []): Promise<void> {
    return this.#call('putSubscription', subscription, announcements);
  }

  deleteSubscription(uuid: string, announcements: string[] = []): Promise<void> {
    return this.#call('deleteSubscription', uuid, announcements);
  }

  addAnnouncements(messages: string[]): Promise<void> {
    return this.#call('addAnnouncements', messages);
  }

  announcements(limit: number): Promise<Announcement[]> {
    return this.#call('announcements', limit);
  }

  deleteAnnouncements(ids: number[]): Promise<void> {
    return this.#call('deleteAnnouncements', ids);
  }

  failing(): Promise<Failing[]> {
    return this.#call('failing');
  }

  putFailing(failing: Failing): Promise<void> {
    return this.#call('putFailing', failing);
  }

  deleteFailing(subscriptionUuid: string): Promise<void> {
    return this.#call('deleteFailing', subscriptionUuid);
  }

  signingKeys(subscriptionUuid: string): Promise<string | null> {
    return this.#call('signingKeys', subscriptionUuid);
  }

  putSigningKeys(subscriptionUuid: string, sealed: string): Promise<void> {
    return this.#call('putSigningKeys', subscriptionUuid, sealed);
  }

  attempts(query: AttemptQuery): Promise<{ items: LoggedAttempt[]; filtered: number }> {
    return this.#readLists('attempts', query);
  }

  deliveries(query: DeliveryQuery): Promise<DeliveryPage> {
    return this.#readLists('deliveries', query);
  }

  deliveryRecord(id: string): Promise<DeliveryRecord | null> {
    return this.#read('deliveryRecord', id);
  }

  delivery(id: string): Promise<{ delivery: DeliveryRecord; attempts: Attempt[] } | null> {
    return this.#read('delivery', id);
  }

  retryDelivery(id: string, now: number): Promise<boolean> {
    return this.#call('retryDelivery', id, now);
  }

  cancelDelivery(id: string): Promise<boolean> {
    return this.#call('cancelDelivery', id);
  }

  hastenParked(subscriptionUuid: string, now: number): Promise<void> {
    return this.#call('hastenParked', subscriptionUuid, now);
  }

  countReplay(subscriptionUuid: string, selection: ReplaySelection): Promise<ReplayCounts> {
    return this.#readLists('countReplay', subscriptionUuid, selection);
  }

  replays(): Promise<Replay[]> {
    return this.#call('replays');
  }

  replay(id: string): Promise<Replay | null> {
    return this.#call('replay', id);
  }

  putReplay(replay: Replay): Promise<void> {
    return this.#call('putReplay', replay);
  }

  advanceReplay(replay: Replay, limit: number, now: number): Promise<Replay> {
    return this.#call('advanceReplay', replay, limit, now);
  }

  answer(key: string): Promise<string | null> {
    return this.#call('answer', key);
  }

  putAnswer(key: string, sealed: string, createdAt: number, before: number): Promise<void> {
    return this.#call('putAnswer', key, sealed, createdAt, before);
  }

  purge(query: PurgeQuery): Promise<PurgeSlice> {
    return this.#call('purge', query);
  }

  size(): Promise<StoreSize> {
    return this.#call('size');
  }

  shrink(to: number): Promise<number> {
    return this.#call('shrink', to);
  }

  tokens(): Promise<AccessToken[]> {
    return this.#call('tokens');
  }

  putToken(token: AccessToken): Promise<void> {
    return this.#call('putToken', token);
  }

  deleteToken(uuid: string): Promise<boolean> {
    return this.#call('deleteToken', uuid);
  }

  setting(name: string): Promise<string | null> {
    return this.#call('setting', name);
  }

  putSetting(name: string, value: string): Promise<void> {
    return this.#call('putSetting', name, value);
  }

  pluginStates(): Promise<PluginState[]> {
    return this.#call('pluginStates');
  }

  putPluginState(state: PluginState): Promise<void> {
    return this.#call('putPluginState', state);
  }

  deletePluginState(name: string): Promise<void> {
    return this.#call('deletePluginState', name);
  }

  pluginVariables(): Promise<PluginVariable[]> {
    return this.#call('pluginVariables');
  }

  putPluginVariable(variable: PluginVariable): Promise<void> {
    return this.#call('putPluginVariable', variable);
  }

  deletePluginVariable(plugin: string, name: string): Promise<boolean> {
    return this.#call('deletePluginVariable', plugin, name);
  }

  rekey(variables: PluginVariable[], setting: { name: string; value: string }): Promise<void> {
    return this.#call('rekey', variables, setting);
  }

  async close(): Promise<void> {
    await this.#closeLog();
    await this.writer.close();
  }

  #call<M extends keyof SqliteWriter>(
    method: M,
    ...args: Parameters<SqliteWriter[M]>
  ): Promise<ReturnType<SqliteWriter[M]>> {
    return this.writer.call(method, args);
  }

  /**
   * On the log's thread, of what subscriptions have. While nothing can be written the latest may be missing: better
   * than no answer.
   */
  async #readLists<M extends keyof AttemptLog>(
    method: M,
    ...args: Parameters<AttemptLog[M]>
  ): Promise<ReturnType<AttemptLog[M]>> {
    await this.#call('catchUpLists').catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
    });
    return this.#read(method, ...args);
  }

  /** On the log's thread. */
  async #read<M extends keyof AttemptLog>(
    method: M,
    ...args: Parameters<AttemptLog[M]>
  ): Promise<ReturnType<AttemptLog[M]>> {
    clearTimeout(this.#logTimer);
    const log = await this.#openLog();
    try {
      return await log.call(method, args);
    } finally {
      if (log.isIdle) this.#closeLogSoon();
    }
  }

  /** A thread that cannot start, or ends by itself, is tried again at the next question. */
  #openLog(): Promise<StoreThread> {
    const forget = () => (this.#log = undefined);
    this.#log ??= StoreThread.start(this.file, 'log', { onDeath: forget }).catch(
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    return this.#log;
  }

  #closeLogSoon(): void {
    clearTimeout(this.#logTimer);
    this.#logTimer = setTimeout(() => void this.#closeLog(), logIdle);
    this.#logTimer.unref();
  }

  /** Never rejects: a thread that ends before it answers is gone as well, and nothing was to be kept. */
  async #closeLog(): Promise<void> {
    clearTimeout(this.#logTimer);
    const log = await this.#log?.catch(() => undefined);
    this.#log = undefined;
    await log?.close().catch(() => undefined);
  }
}
