/**
 * Notices that the wall clock was set, by comparing it with one that cannot be. Due times are times of the
 * wall clock, since they outlive the process; timers know nothing of it.
 */

/** How often is looked, ms. */
const interval = 2_000;

/** What the clock may gain or lose in that time without having been set, ms. */
const tolerance = 500;

const difference = () => Date.now() - performance.now();

export class ClockWatch {
  #expected = difference();
  #timer: NodeJS.Timeout | undefined;
  #isTelling = false;

  /**
   * @param onSet told by how much, ms, less than 0 for back; when it rejects it is told again
   */
  constructor(private readonly onSet: (by: number) => Promise<void>) {}

  start(): void {
    this.#expected = difference();
    this.#timer = setInterval(() => void this.#look(), interval);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const now = difference();
    if (this.#isTelling) return;
    if (Math.abs(now - this.#expected) < tolerance) {
      // The one clock may run a little faster than the other.
      this.#expected = now;
      return;
    }
    this.#isTelling = true;
    try {
      await this.onSet(Math.round(now - this.#expected));
      this.#expected = now;
    } catch {
      // Who is told has said why; what it was told still holds.
    } finally {
      this.#isTelling = false;
    }
  }
}
