/** One thing after the other: what would spoil each other does not overlap. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work when all that was asked for before is done; rejects as the work does. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.catch(() => undefined).then(work);
    this.#last = result;
    return result;
  }

  /** Resolves when what was asked for until now is done. */
  async over(): Promise<void> {
    await this.#last.catch(() => undefined);
  }
}
