/**
 * Remembers which events were taken in last, so that one the broker delivers a second time (its ack was
 * lost with a connection or a crash) does not become a second set of deliveries.
 *
 * Two generations, of which the older is forgotten as a whole: taking the oldest out of a set one by one
 * costs more with every one that was taken out before.
 */
export class RecentEvents {
  #young = new Set<string>();
  #old = new Set<string>();

  /** @param capacity how many are remembered at least; more than a broker can have unacked or unwritten acks for */
  constructor(readonly capacity: number) {}

  has(fingerprint: string): boolean {
    return this.#young.has(fingerprint) || this.#old.has(fingerprint);
  }

  add(fingerprint: string): void {
    if (this.#young.size >= this.capacity) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(fingerprint);
  }

  delete(fingerprint: string): void {
    this.#young.delete(fingerprint);
    this.#old.delete(fingerprint);
  }
}
