/** The store on SQLite: a thread of its own does the work, so that the event loop never waits for the disk. */
import { Worker } from 'node:worker_threads';
import { UserError } from '../../errors.ts';
import type { AccessToken, LoggedAttempt, Subscription } from '../../model.ts';
import {
  type AttemptQuery,
  type Backlog,
  type DueDeliveries,
  type DueQuery,
  type Store,
  StoreUnavailable,
  type WriteBatch,
} from '../store.ts';
import type { SqliteDatabase } from './database.ts';
import { packBatch } from './packed-batch.ts';
import type { Answer, Call, Failure, Ready } from './protocol.ts';

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };

/** Failures that a record causes by itself; every other one concerns the database as a whole. */
const recordCodes = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

export class SqliteStore implements Store {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #ended: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error: Error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the store is closed')));
  }

  /** Opens the file, making or migrating it. Rejects with {@link UserError} when it cannot or must not be used. */
  static async open(file: string): Promise<SqliteStore> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const ready = await new Promise<Ready>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (!ready.ready) throw toError(ready.failure);
    worker.removeAllListeners('error');
    return new SqliteStore(worker);
  }

  commit(batch: WriteBatch): Promise<void> {
    return this.#send('commit', [packBatch(batch)]);
  }

  dueDeliveries(query: DueQuery): Promise<DueDeliveries> {
    return this.#call('dueDeliveries', query);
  }

  backlog(): Promise<Backlog[]> {
    return this.#call('backlog');
  }

  recentFingerprints(limit: number): Promise<string[]> {
    return this.#call('recentFingerprints', limit);
  }

  subscriptions(): Promise<Subscription[]> {
    return this.#call('subscriptions');
  }

  putSubscription(subscription: Subscription): Promise<void> {
    return this.#call('putSubscription', subscription);
  }

  deleteSubscription(uuid: string): Promise<void> {
    return this.#call('deleteSubscription', uuid);
  }

  attempts(query: AttemptQuery): Promise<{ items: LoggedAttempt[]; filtered: number }> {
    return this.#call('attempts', query);
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

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.#call('close');
    await exited;
  }

  #call<M extends keyof SqliteDatabase>(
    method: M,
    ...args: Parameters<SqliteDatabase[M]>
  ): Promise<ReturnType<SqliteDatabase[M]>> {
    return this.#send(method, args);
  }

  #send<R>(method: Call['method'], args: unknown[]): Promise<R> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args } satisfies Call);
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('failure' in answer) pending?.reject(toError(answer.failure));
    else pending?.resolve(answer.value as never);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function toError({ message, code, stack, isUserError }: Failure): Error {
  if (isUserError) return new UserError(message);
  const isUnavailable =
    typeof code === 'string' && code.startsWith('SQLITE_') && !recordCodes.test(code);
  const error = isUnavailable ? new StoreUnavailable(`${message} (${code})`) : new Error(message);
  return stack === undefined ? error : Object.assign(error, { stack });
}
