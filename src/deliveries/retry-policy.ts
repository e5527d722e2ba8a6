/** When a delivery that failed is attempted again. */

export interface RetryPolicyOptions {
  maxAttempts: number;
  /** The pause after attempt n is this to the power of n - 1, seconds. */
  factor: number;
}

/** Deliveries that failed together do not come back together: each pause is up to a fifth shorter or longer. */
const jitter = 0.2;

/** Powers grow fast, and plugins may ask for anything: no pause is longer than 30 days, in seconds. */
const longestPause = 30 * 24 * 3600;

export class RetryPolicy {
  constructor(private readonly options: RetryPolicyOptions) {}

  get maxAttempts(): number {
    return this.options.maxAttempts;
  }

  /**
   * @param attempt the attempt that failed, 1 for the first
   * @param now ms since the epoch
   * @param after what the endpoint or service asks for at least, seconds
   * @returns when to try again, ms since the epoch; null when that was the last attempt
   */
  nextAttemptAt(attempt: number, now: number, after = 0): number | null {
    if (attempt >= this.options.maxAttempts) return null;
    const spread = 1 + jitter * (2 * Math.random() - 1);
    const seconds = this.options.factor ** (attempt - 1) * spread;
    // A plugin in JavaScript may ask for anything.
    const asked = Number.isNaN(after) ? 0 : after;
    return Math.round(now + Math.min(Math.max(seconds, asked), longestPause) * 1000);
  }
}
