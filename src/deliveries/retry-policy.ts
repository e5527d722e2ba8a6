/** When a delivery that failed is attempted again. */

export interface RetryPolicyOptions {
  maxAttempts: number;
  /** The pause after attempt n is this to the power of n - 1, seconds. */
  factor: number;
}

/** Deliveries that failed together do not come back together: each pause is up to a fifth shorter or longer. */
const jitter = 0.2;

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
    return Math.round(now + Math.max(seconds, after) * 1000);
  }
}
