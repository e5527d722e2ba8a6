/** Pauses that grow from one try to the next, so that many clients do not come back at the same moment. */
export class Backoff {
  #tries = 0;

  /**
   * @param minimum first pause, ms
   * @param maximum longest pause, ms
   */
  constructor(
    private readonly minimum: number,
    private readonly maximum: number,
  ) {}

  /** The next pause in ms: twice the one before, of which the upper half is random. */
  next(): number {
    const ceiling = Math.min(this.maximum, this.minimum * 2 ** this.#tries);
    this.#tries++;
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  reset(): void {
    this.#tries = 0;
  }
}
