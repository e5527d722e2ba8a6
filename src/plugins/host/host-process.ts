/**
 * One plugin host as the daemon sees it: a child process with limits. Whatever goes wrong in it ends in a
 * reason that can be read, and in the end of that process alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type BirpcReturn, createBirpc } from 'birpc';
import { codeOf } from '../../errors.ts';
import { HookExpectedError, HookRetry } from '../../plugin-api/errors.ts';
import type { Outcome } from '../../plugin-api/contract.ts';
import { reviveHttpRequest } from '../../plugin-api/request.ts';
import { MessageBatch } from './message-batch.ts';
import { StderrTail } from './stderr-tail.ts';
import type {
  AttemptAnswer,
  AttemptCall,
  DaemonFunctions,
  HostFunctions,
  PackageOrder,
  PackageReport,
  ThrownError,
} from './protocol.ts';

export interface HostLimits {
  /** V8's heap, MiB. */
  heapLimit: number;
  /** All memory of the process, MiB. */
  memoryLimit: number;
  /** One call, ms. */
  callTimeout: number;
  /** ms */
  loadTimeout: number;
  /** Calls at once. */
  maxCalls: number;
  /** Lines a second. */
  maxLogRate: number;
  /** ms */
  maxRequestTimeout: number;
}

export interface HostOptions {
  /** The plugin, or what the plugins of it are called together. */
  name: string;
  limits: HostLimits;
  serve: Omit<DaemonFunctions, 'fatal'>;
  /** What is written around the log: by native code, by V8 when it dies. */
  onOutput: (line: string) => void;
  /** It ended without having been told to. */
  onCrash: (reason: string) => void;
}

const childFile = fileURLToPath(new URL('./child.js', import.meta.url));

/** Makes the kernel end the host with the daemon, however that ends. Part of util-linux. */
const parentGuard = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));

/** What a plugin needs of the daemon's environment, which may hold the daemon's secrets. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

/**
 * A plugin that computes for ever yields to the daemon (setpriority(2)). The lowest priority, 19, would starve
 * good plugins too: beside busy processes their deliveries waited for minutes.
 */
const niceness = 10;

const memoryInterval = 1_000;
/** How long disposing of the plugins may take, ms. */
const endTimeout = 5_000;
const pageSize = 4096;

export class HostProcess {
  readonly #options: HostOptions;
  readonly #child: ChildProcess;
  readonly #rpc: BirpcReturn<HostFunctions, DaemonFunctions>;
  readonly #exited: Promise<void>;
  readonly #failures = new Set<(error: Error) => void>();
  readonly #memoryTimer: NodeJS.Timeout;
  readonly #stderr: StderrTail;
  #calls = 0;
  #isEnding = false;
  #isOver = false;
  #reason: string | undefined;
  #fatal: ThrownError | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { limits, name, serve, onOutput } = options;
    const child = spawnHost(name, limits);
    this.#child = child;
    this.#stderr = new StderrTail(child, limits.maxLogRate, onOutput);
    const orders = new MessageBatch((messages) => {
      if (child.connected) child.send(messages, () => undefined);
    });
    this.#rpc = createBirpc<HostFunctions, DaemonFunctions>(
      { ...serve, fatal: (error) => void (this.#fatal = error) },
      {
        post: (message: object) => orders.post(message),
        on: (receive) =>
          child.on('message', (messages: object[]) => {
            for (const message of messages) receive(message);
          }),
        eventNames: ['event', 'variables', 'cut'],
        timeout: -1,
      },
    );
    this.#exited = new Promise((resolve) => {
      const ended = (reason: string) => {
        this.#end(reason);
        resolve();
      };
      child.once('error', (error) => ended(`its process cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => ended(this.#reasonOf(code, signal)));
    });
    this.#memoryTimer = setInterval(() => void this.#checkMemory(), memoryInterval);
    this.#memoryTimer.unref();
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
    const report = await this.#guarded(
      this.#rpc.load(order),
      loadTimeout,
      `it was not loaded within ${loadTimeout / 1000} s (plugins.load_timeout)`,
    );
    // Not before: on a busy machine what nobody waits for may take minutes, and a load has its limit.
    if (this.#child.pid !== undefined) makeNice(this.#child.pid);
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
        throw new HookRetry({ error: (error as Error).message });
      });
      return outcomeOf(answer);
    } finally {
      this.#calls--;
      if (this.#calls === 0) this.#whenIdle?.();
    }
  }

  async status(): Promise<Awaited<ReturnType<HostFunctions['status']>>> {
    return this.#guarded(this.#rpc.status(), 2_000, 'its status takes too long', false);
  }

  event(...args: Parameters<HostFunctions['event']>): void {
    void this.#rpc.event(...args);
  }

  variables(...args: Parameters<HostFunctions['variables']>): void {
    void this.#rpc.variables(...args);
  }

  cut(): void {
    void this.#rpc.cut();
  }

  /** Resolves when no call is in flight. */
  async idle(): Promise<void> {
    if (this.#calls > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  /** Lets the plugins go, then ends the process. Never rejects. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (!this.#isOver)
      await this.#guarded(this.#rpc.end(), endTimeout, 'it did not end in time', false).catch(
        () => undefined,
      );
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Ends the process at once: what is in flight fails for this reason. */
  #kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
    // Nobody is to call it in the time until it has ended.
    this.#end(this.#reasonOf(null, 'SIGKILL'));
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#memoryTimer);
    this.#rpc.$close();
    const error = new Error(reason);
    for (const fail of this.#failures) fail(error);
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
        // When the channel closes the exit tells why.
        (error: unknown) => (this.#child.connected ? fail(error as Error) : undefined),
      );
    });
  }

  #reasonOf(code: number | null, signal: NodeJS.Signals | null): string {
    const { heapLimit } = this.#options.limits;
    if (this.#reason !== undefined) return `the plugin’s process was ended: ${this.#reason}`;
    if (this.#fatal !== undefined)
      return `the plugin’s process ended: ${this.#fatal.message}\n${this.#fatal.stack}`;
    if (this.#stderr.mentionsHeap)
      return `the plugin’s process ran out of memory: its heap may have ${heapLimit} MiB (plugins.heap_limit)`;
    return signal === null
      ? `the plugin’s process ended by itself with exit code ${String(code)}`
      : `the plugin’s process was ended by ${signal}`;
  }

  async #checkMemory(): Promise<void> {
    const { memoryLimit } = this.#options.limits;
    const text = await readFile(`/proc/${this.#child.pid}/statm`, 'utf8').catch(() => '');
    const resident = (Number(text.split(' ')[1] ?? 0) * pageSize) / 2 ** 20;
    if (resident > memoryLimit)
      this.#kill(
        `it takes ${Math.round(resident)} MiB of memory, ${memoryLimit} are allowed (plugins.memory_limit)`,
      );
  }
}

function spawnHost(
  name: string,
  { heapLimit, maxLogRate, maxRequestTimeout }: HostLimits,
): ChildProcess {
  const node = [
    process.execPath,
    `--max-old-space-size=${heapLimit}`,
    '--max-semi-space-size=4',
    childFile,
    JSON.stringify({ name, maxLogRate, maxRequestTimeout }),
  ];
  const [file = '', ...args] =
    parentGuard === undefined ? node : [parentGuard, '--pdeathsig', 'KILL', ...node];
  const environment = Object.fromEntries(
    passedOn.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
  );
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, MALLOC_ARENA_MAX: '2' },
    // A session of its own is a group of its own for the scheduler (sched(7), the autogroup feature).
    detached: true,
  });
  return child;
}

/** Where the system does not allow it, or knows no autogroups, the host is as important as the daemon. */
function makeNice(pid: number): void {
  try {
    // A priority is a thread's own; those made later get it from the one that makes them.
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

function outcomeOf(answer: AttemptAnswer): Outcome {
  switch (answer.kind) {
    case 'detail':
      return answer.detail ?? undefined;
    case 'requests':
      return answer.requests.map(reviveHttpRequest);
    case 'retry':
      throw new HookRetry(answer.detail, answer.after === null ? {} : { after: answer.after });
    case 'expected':
      throw new HookExpectedError(answer.detail);
    case 'threw':
      throw Object.assign(new Error(answer.error.message), { stack: answer.error.stack });
  }
}
