/** Looks at what a plugin's process takes: too much memory ends it, too much of a busy machine slows it down. */
import { Throttle } from './throttle.ts';
import { type ProcessUsage, usageOf } from './usage.ts';

export interface HostWatchOptions {
  pid: number;
  /** MiB */
  memoryLimit: number;
  signal: (signal: 'SIGSTOP' | 'SIGCONT') => void;
  /** How long the daemon has waited for a core so far, ms. */
  waitedForCore: () => number;
  /** @param resident MiB */
  onTooLarge: (resident: number) => void;
  /** It is slowed down. */
  onSlowed: () => void;
}

/** Between two looks, ms. */
const interval = 250;

interface Reading extends ProcessUsage {
  /** ms, of a clock that nobody sets */
  at: number;
  /** for a core, by the daemon, ms */
  waited: number;
}

export class HostWatch {
  readonly #options: HostWatchOptions;
  readonly #throttle: Throttle;
  readonly #timer: NodeJS.Timeout;
  #mayBeSlowed = false;
  #before: Reading | undefined;
  #hasFinished = false;

  constructor(options: HostWatchOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options.signal, options.onSlowed);
    this.#timer = setInterval(() => this.#look(), interval).unref();
  }

  /** While it is loaded: somebody waits for it. */
  leaveAlone(): void {
    this.#mayBeSlowed = false;
    this.#throttle.stop();
  }

  slowDownWhenGreedy(): void {
    this.#mayBeSlowed = true;
  }

  /** The process has finished a call. */
  finished(): void {
    this.#hasFinished = true;
  }

  /** Looks no more; the process runs as before. */
  stop(): void {
    clearInterval(this.#timer);
    this.leaveAlone();
  }

  #look(): void {
    const usage = usageOf(this.#options.pid);
    if (usage === undefined) return;
    const { memoryLimit, onTooLarge } = this.#options;
    if (usage.resident > memoryLimit) onTooLarge(usage.resident);
    else if (this.#mayBeSlowed) this.#judge(usage);
  }

  #judge(usage: ProcessUsage): void {
    const now: Reading = {
      ...usage,
      at: performance.now(),
      waited: this.#options.waitedForCore(),
    };
    const before = this.#before;
    const hasFinished = this.#hasFinished;
    this.#before = now;
    this.#hasFinished = false;
    if (before === undefined) return;
    const elapsed = now.at - before.at;
    this.#throttle.judge({
      taken: (now.cpu - before.cpu) / elapsed,
      hasFinished,
      waited: (now.waited - before.waited) / elapsed,
    });
  }
}
