/**
 * One plugin host as the daemon sees it: a child process with limits. Whatever goes wrong in it ends in a
 * reason that can be read, and in the end of that process alone.
 */
import type { ChildProcess } from 'node:child_process';
import { type BirpcReturn, createBirpc } from 'birpc';
import { HookExpectedError, HookRetry } from '../../plugin-api/errors.ts';
import type { Outcome } from '../../plugin-api/contract.ts';
import { reviveHttpRequest } from '../../plugin-api/request.ts';
import { HostWatch } from './host-watch.ts';
import type { HostLimits } from './limits.ts';
import { MessageBatch } from './message-batch.ts';
import { makeNice, spawnHost } from './spawn.ts';
import { StderrTail } from './stderr-tail.ts';
import { waitedForCore } from './usage.ts';
import { fromWire, type Message, messagesIn, text, toWire } from './wire.ts';
import type {
  AttemptAnswer,
  AttemptCall,
  DaemonFunctions,
  HostFunctions,
  PackageOrder,
  PackageReport,
  ThrownError,
} from './protocol.ts';

export interface HostOptions {
  /** The plugin, or what the plugins of it are called together. */
  name: string;
  limits: HostLimits;
  serve: Omit<DaemonFunctions, 'fatal'>;
  /** What is written around the log: by native code, by V8 when it dies. */
  onOutput: (line: string) => void;
  /** It ended without having been told to. */
  onCrash: (reason: string) => void;
  /** It computes without a pause on a busy machine, and is slowed down for others. */
  onSlowed: () => void;
  /** An event was not told: it does not take up those it was told before. */
  onMissed: () => void;
}

/** How long disposing of the plugins may take, ms. */
const endTimeout = 5_000;

/** So many messages wait at most until the process reads them: then events are not told. */
const mostUnread = 1_000;

export class HostProcess {
  readonly #options: HostOptions;
  readonly #child: ChildProcess;
  readonly #rpc: BirpcReturn<HostFunctions, DaemonFunctions>;
  readonly #exited: Promise<void>;
  readonly #failures = new Set<(error: Error) => void>();
  readonly #watch: HostWatch | undefined;
  readonly #stderr: StderrTail;
  #calls = 0;
  /** Messages that the pipe has no room for. */
  #unread = 0;
  #isEnding = false;
  /** Why it is over. */
  #ended: Error | undefined;
  #reason: string | undefined;
  /** As it was sent. */
  #fatal: Partial<ThrownError> | undefined;
  #whenIdle: (() => void)[] = [];
  #hasStrayed = false;

  constructor(options: HostOptions) {
    this.#options = options;
    const { limits, name, serve, onOutput } = options;
    const child = spawnHost(name, limits);
    this.#child = child;
    this.#stderr = new StderrTail(child, limits.maxLogRate, onOutput);
    let receive: (message: Message) => void = () => undefined;
    const orders = new MessageBatch(
      (messages) => this.#send(messages),
      ({ i }, error) => (i === undefined ? options.onMissed() : receive({ t: 's', i, e: error })),
    );
    this.#rpc = createBirpc<HostFunctions, DaemonFunctions>(
      { ...serve, fatal: (error: Partial<ThrownError> | null) => void (this.#fatal = error ?? {}) },
      {
        post: (message: Message) => orders.post(message),
        on: (takeUp: typeof receive) => {
          receive = takeUp;
          child.on('message', (batch) => this.#receive(batch, takeUp));
        },
        serialize: toWire,
        deserialize: fromWire,
        eventNames: ['event', 'variables', 'cut'],
        timeout: -1,
      },
    );
    this.#exited = new Promise((resolve) => {
      const ended = (reason: string) => {
        this.#close(reason);
        resolve();
      };
      child.once('error', (error) => ended(`its process cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => ended(this.#reasonOf(code, signal)));
    });
    if (child.pid !== undefined) this.#watch = this.#watchOver(child.pid);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isFull(): boolean {
    return this.#calls >= this.#options.limits.maxCalls;
  }

  /** @throws Error with the reason when the process does not live long enough, or takes too long */
  async load(order: PackageOrder): Promise<PackageReport> {
    const { loadTimeout } = this.#options.limits;
    this.#watch?.leaveAlone();
    const report = await this.#guarded(
      this.#rpc.load(order),
      loadTimeout,
      `it was not loaded within ${loadTimeout / 1000} s (plugins.load_timeout)`,
    );
    // Not before: on a busy machine what nobody waits for may take minutes, and a load has its limit.
    if (this.#child.pid !== undefined) makeNice(this.#child.pid);
    this.#watch?.slowDownWhenGreedy();
    return report;
  }

  /** Makes an attempt. Throws as the plugin's own code would, or a {@link HookRetry} when the process ended. */
  async attempt(call: AttemptCall): Promise<Outcome> {
    const { callTimeout } = this.#options.limits;
    this.#calls++;
    try {
      const answer = await this.#guarded(
        this.#rpc.attempt(call),
        callTimeout,
        `no answer within ${callTimeout / 1000} s (plugins.call_timeout)`,
      ).catch((error: unknown) => {
        throw new HookRetry({ error: (error as Error).message }, { endpoint: 'unknown' });
      });
      return outcomeOf(answer);
    } finally {
      this.#calls--;
      this.#watch?.finished();
      if (this.#calls === 0) for (const tell of this.#whenIdle.splice(0)) tell();
    }
  }

  async status(): Promise<Awaited<ReturnType<HostFunctions['status']>>> {
    return this.#guarded(this.#rpc.status(), 2_000, 'its status takes too long', false);
  }

  /** Best effort: one that does not read is told nothing more. */
  event(...args: Parameters<HostFunctions['event']>): void {
    if (this.#unread >= mostUnread) this.#options.onMissed();
    else if (this.#ended === undefined) void this.#rpc.event(...args);
  }

  variables(...args: Parameters<HostFunctions['variables']>): void {
    if (this.#ended === undefined) void this.#rpc.variables(...args);
  }

  cut(): void {
    if (this.#ended === undefined) void this.#rpc.cut();
  }

  /** Resolves when no call is in flight. */
  async idle(): Promise<void> {
    if (this.#calls > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Lets the plugins go, then ends the process. Never rejects. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#watch?.stop();
    if (this.#ended === undefined)
      await this.#guarded(this.#rpc.end(), endTimeout, 'it did not end in time', false).catch(
        () => undefined,
      );
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #send(messages: Message[]): void {
    if (!this.#child.connected) return;
    this.#child.send(messages, () => (this.#unread -= messages.length));
    this.#unread += messages.length;
  }

  #receive(batch: unknown, receive: (message: Message) => void): void {
    const messages = messagesIn(batch);
    for (const message of messages) receive(message);
    if (messages.length > 0 || this.#hasStrayed) return;
    this.#hasStrayed = true;
    this.#options.onOutput(
      'the plugin sent something with process.send, which is for the daemon alone: ignored',
    );
  }

  /** Ends the process at once: what is in flight fails for this reason. */
  #kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
    // Nobody is to call it in the time until it has ended.
    this.#close(this.#reasonOf(null, 'SIGKILL'));
  }

  #close(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new Error(reason);
    this.#watch?.stop();
    this.#rpc.$close();
    for (const fail of this.#failures) fail(this.#ended);
    this.#failures.clear();
    if (!this.#isEnding) this.#options.onCrash(reason);
  }

  /** Rejects when the process ends, or does not answer in time, which ends it too unless `isFatal` is false. */
  #guarded<T>(work: Promise<T>, timeout: number, reason: string, isFatal = true): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#failures.delete(fail);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(new Error(reason));
        if (isFatal) this.#kill(`another call got ${reason}`);
      }, timeout);
      this.#failures.add(fail);
      work.then(
        (value) => {
          settle();
          resolve(value);
        },
        // When the channel closes the exit tells why, if it has not done so before.
        (error: unknown) => {
          if (this.#ended !== undefined) fail(this.#ended);
          else if (this.#child.connected) fail(error as Error);
        },
      );
    });
  }

  #reasonOf(code: number | null, signal: NodeJS.Signals | null): string {
    const { heapLimit } = this.#options.limits;
    if (this.#reason !== undefined) return `the plugin’s process was ended: ${this.#reason}`;
    if (this.#fatal !== undefined)
      return `the plugin’s process ended: ${text(this.#fatal.message)}\n${text(this.#fatal.stack)}`;
    if (this.#stderr.mentionsHeap)
      return `the plugin’s process ran out of memory: its heap may have ${heapLimit} MiB (plugins.heap_limit)`;
    return signal === null
      ? `the plugin’s process ended by itself with exit code ${String(code)}`
      : `the plugin’s process was ended by ${signal}`;
  }

  #watchOver(pid: number): HostWatch {
    const { memoryLimit } = this.#options.limits;
    return new HostWatch({
      pid,
      memoryLimit,
      signal: (signal) => void this.#child.kill(signal),
      waitedForCore,
      onTooLarge: (resident) =>
        this.#kill(
          `it takes ${Math.round(resident)} MiB of memory, ${memoryLimit} are allowed (plugins.memory_limit)`,
        ),
      onSlowed: this.#options.onSlowed,
    });
  }
}

function outcomeOf(answer: AttemptAnswer): Outcome {
  switch (answer.kind) {
    case 'detail':
      return answer.detail ?? undefined;
    case 'requests':
      return answer.requests.map(reviveHttpRequest);
    case 'retry':
      throw new HookRetry(answer.detail, {
        after: answer.after ?? undefined,
        endpoint: answer.endpoint,
      });
    case 'expected':
      throw new HookExpectedError(answer.detail, { endpoint: answer.endpoint });
    case 'threw':
      throw Object.assign(new Error(answer.error.message), { stack: answer.error.stack });
  }
}
