/** When a delivery that failed is attempted again. */
import type { Config } from '../config/schema.ts';
import type { DeliveryOptions, RetrySchedule, Subscription } from '../model.ts';

/** What holds for a subscription that says nothing else. */
export interface RetryDefaults {
  schedule: RetrySchedule;
  /** How often a delivery is attempted with the schedule `wazo`. */
  maxAttempts: number;
  /** `wazo`: the pause after attempt n is this to the power of n - 1, seconds. */
  factor: number;
}

/** Deliveries that failed together do not come back together: each pause is up to a fifth shorter or longer. */
const jitter = 0.2;

/** Powers grow fast, and plugins may ask for anything: no pause is longer than 30 days, in seconds. */
const longestPause = 30 * 24 * 3600;

/** Standard Webhooks 1.0.0: at once, then after 5 s, 5 min, 30 min, and 2, 5, 10, 14, 20 and 24 hours. */
const standardPauses = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

export class RetryPolicy {
  /** @param pauseAfter seconds to wait after so many attempts */
  constructor(
    readonly maxAttempts: number,
    private readonly pauseAfter: (attempts: number) => number,
  ) {}

  /**
   * @param attempt the attempt that failed, 1 for the first
   * @param now ms since the epoch
   * @param after what the endpoint or service asks for at least, seconds
   * @returns when to try again, ms since the epoch; null when that was the last attempt
   */
  nextAttemptAt(attempt: number, now: number, after = 0): number | null {
    if (attempt >= this.maxAttempts) return null;
    const spread = 1 + jitter * (2 * Math.random() - 1);
    const seconds = this.pauseAfter(attempt) * spread;
    return Math.round(now + Math.min(Math.max(seconds, after), longestPause) * 1000);
  }
}

/** The policy of each subscription. */
export class RetryPolicies {
  readonly #made = new WeakMap<DeliveryOptions, RetryPolicy>();

  constructor(private readonly defaults: RetryDefaults) {}

  /** As the configuration says. */
  static from({ delivery, hookMaxAttempts, hookHttpRetryCountdownFactor }: Config): RetryPolicies {
    return new RetryPolicies({
      schedule: delivery.schedule,
      maxAttempts: hookMaxAttempts,
      factor: hookHttpRetryCountdownFactor,
    });
  }

  of({ delivery }: Pick<Subscription, 'delivery'>): RetryPolicy {
    let policy = this.#made.get(delivery);
    if (policy === undefined) this.#made.set(delivery, (policy = this.#make(delivery)));
    return policy;
  }

  #make({ schedule = this.defaults.schedule, maxAttempts }: DeliveryOptions): RetryPolicy {
    const { factor, maxAttempts: usual } = this.defaults;
    if (schedule === 'wazo')
      return new RetryPolicy(maxAttempts ?? usual, (attempts) => factor ** (attempts - 1));
    const pauses = schedule === 'standard' ? standardPauses : schedule;
    const last = pauses.length - 1;
    return new RetryPolicy(
      maxAttempts ?? pauses.length + 1,
      (attempts) => pauses[Math.min(attempts - 1, last)] ?? 0,
    );
  }
}
