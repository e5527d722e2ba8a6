/** Looks at what a plugin's process takes: too much memory ends it, too much of a busy machine slows it down. */
import { greedy, Throttle } from './throttle.ts';
import { type ProcessUsage, usageOf } from './usage.ts';

export interface HostWatchOptions {
  pid: number;
  /** MiB */
  memoryLimit: number;
  signal: (signal: 'SIGSTOP' | 'SIGCONT') => void;
  /** How long the daemon has waited for a core so far, ms. */
  waitedForCore: () => Promise<number>;
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
  /** ms; undefined: not of interest so far */
  waited: number | undefined;
}

export class HostWatch {
  readonly #options: HostWatchOptions;
  readonly #throttle: Throttle;
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;
  #mayBeSlowed = false;
  #before: Reading | undefined;
  #hasFinished = false;

  constructor(options: HostWatchOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options.signal, options.onSlowed);
    this.#timer = setInterval(() => void this.#look(), interval).unref();
  }

  /** From now on; before, while it is loaded, somebody waits for it. */
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
    this.#mayBeSlowed = false;
    this.#throttle.stop();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const usage = await usageOf(this.#options.pid);
      if (usage === undefined) return;
      const { memoryLimit, onTooLarge } = this.#options;
      if (usage.resident > memoryLimit) onTooLarge(usage.resident);
      else if (this.#mayBeSlowed) await this.#judge(usage);
    } finally {
      this.#isLooking = false;
    }
  }

  async #judge(usage: ProcessUsage): Promise<void> {
    const at = performance.now();
    const before = this.#before;
    const elapsed = at - (before?.at ?? 0);
    const hasFinished = this.#hasFinished;
    this.#hasFinished = false;
    const taken = before === undefined ? 0 : (usage.cpu - before.cpu) / elapsed;
    const isOfInterest = this.#throttle.isOn || (taken > greedy && !hasFinished);
    const waited = isOfInterest ? await this.#options.waitedForCore() : undefined;
    this.#before = { ...usage, at, waited };
    // Told to stop meanwhile.
    if (!this.#mayBeSlowed) return;
    const since = (waited ?? 0) - (before?.waited ?? waited ?? 0);
    this.#throttle.judge({ taken, hasFinished, waited: since / elapsed });
  }
}
