/** A thread of the store, and the calls to it that are not answered yet. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { messageOf, UserError } from '../../errors.ts';
import { QueryTooLong, StoreUnavailable } from '../store.ts';
import type { Answer, Call, Failure, Missing, Ready, Role } from './protocol.ts';

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };

/** Failures that a record causes by itself; every other one concerns the database as a whole. */
const recordCodes = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

/** Who is told, once, that a thread is of no more use. */
export interface Losses {
  /** The file was deleted or replaced: nothing can be kept from then on. */
  onMissing?: (reason: string) => void;
  /** The thread ended and nobody had asked it to. */
  onDeath?: (reason: Error) => void;
}

export class StoreThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #losses: Losses;
  #calls = 0;
  #isClosing = false;
  #ended: StoreUnavailable | undefined;

  private constructor(worker: Worker, losses: Losses) {
    this.#worker = worker;
    this.#losses = losses;
    worker.on('message', (message: Answer | Missing) => {
      if ('missing' in message) losses.onMissing?.(message.missing);
      else this.#settle(message);
    });
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', (status) => this.#end(new Error(`exit with status ${status}`)));
  }

  /** Opens the file. Rejects with {@link UserError} when it cannot or must not be used. */
  static async start(file: string, role: Role, losses: Losses = {}): Promise<StoreThread> {
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
    return new StoreThread(worker, losses);
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
    this.#isClosing = true;
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

  /** Not one of the calls is at fault: what was to be written has to be written by another thread. */
  #end(reason: Error): void {
    if (this.#ended !== undefined) return;
    const ended = new StoreUnavailable(
      this.#isClosing ? 'the store is closed' : `its thread ended: ${messageOf(reason)}`,
    );
    this.#ended = ended;
    for (const { reject } of this.#pending.values()) reject(ended);
    this.#pending.clear();
    if (!this.#isClosing) this.#losses.onDeath?.(reason);
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
