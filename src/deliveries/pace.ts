/** Lets so many attempts a second begin: a bucket of tokens that fills steadily. */

/** How much of a second's attempts may begin together after a pause. */
const burst = 0.1;

export class Pace {
  readonly #capacity: number;
  #tokens: number;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param rate attempts a second
   * @param onRefill called when another attempt may begin after none could
   */
  constructor(
    readonly rate: number,
    private readonly onRefill: () => void,
  ) {
    this.#capacity = Math.max(1, rate * burst);
    this.#tokens = this.#capacity;
  }

  /** Whether no attempt may begin now. */
  get isSpent(): boolean {
    return this.#timer !== undefined;
  }

  /** An attempt begins. */
  take(): void {
    const now = performance.now();
    this.#tokens = Math.min(
      this.#capacity,
      this.#tokens + ((now - this.#filledAt) / 1000) * this.rate,
    );
    this.#filledAt = now;
    this.#tokens--;
    if (this.#tokens >= 1 || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.onRefill();
      },
      ((1 - this.#tokens) / this.rate) * 1000,
    );
    this.#timer.unref();
  }
}

/** The paces of subscriptions: lanes come and go with their deliveries, and a rate holds over several. */
export class Paces {
  readonly #known = new Map<string, Pace>();

  /** @param make a pace of so many attempts a second */
  constructor(private readonly make: (rate: number) => Pace) {}

  /** @param rate undefined: whatever comes */
  of(subscriptionUuid: string, rate: number | undefined): Pace | undefined {
    const known = this.#known.get(subscriptionUuid);
    if (known?.rate === rate) return known;
    if (rate === undefined) {
      this.#known.delete(subscriptionUuid);
      return undefined;
    }
    const pace = this.make(rate);
    this.#known.set(subscriptionUuid, pace);
    return pace;
  }
}
