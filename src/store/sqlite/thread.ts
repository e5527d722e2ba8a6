/** A thread of the store, and the calls to it that are not answered yet. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../errors.ts';
import { QueryTooLong, StoreUnavailable } from '../store.ts';
import type { Answer, Call, Failure, Missing, Ready, Role } from './protocol.ts';

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };

/** Failures that a record causes by itself; every other one concerns the database as a whole. */
const recordCodes = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

export class StoreThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #ended: Error | undefined;

  private constructor(worker: Worker, onMissing: (reason: string) => void) {
    this.#worker = worker;
    worker.on('message', (message: Answer | Missing) => {
      if ('missing' in message) onMissing(message.missing);
      else this.#settle(message);
    });
    worker.on('error', (error: Error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the store is closed')));
  }

  /**
   * Opens the file. Rejects with {@link UserError} when it cannot or must not be used.
   *
   * @param onMissing told once, with the reason, when the file is no longer there
   */
  static async start(
    file: string,
    role: Role,
    onMissing: (reason: string) => void = () => undefined,
  ): Promise<StoreThread> {
    // V8 prefers the command line's limit, which is meant for the daemon's own thread, to the one below.
    setFlagsFromString('--max-semi-space-size=0');
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file, role },
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    });
    const ready = await new Promise<Ready>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (!ready.ready) throw toError(ready.failure);
    worker.removeAllListeners('error');
    return new StoreThread(worker, onMissing);
  }

  /** Whether no call waits for its answer. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  call<R>(method: string, args: unknown[]): Promise<R> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args } satisfies Call);
    });
  }

  /** Answers what was asked before, then ends. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.call('close', []);
    await exited;
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
  if (code === 'QUERY_TOO_LONG') return new QueryTooLong(message);
  const isUnavailable =
    typeof code === 'string' && code.startsWith('SQLITE_') && !recordCodes.test(code);
  const error = isUnavailable ? new StoreUnavailable(`${message} (${code})`) : new Error(message);
  return stack === undefined ? error : Object.assign(error, { stack });
}
