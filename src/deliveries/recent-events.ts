/**
 * Remembers which events were taken in last, so that one the broker delivers a second time (its ack was
 * lost with a connection or a crash) does not become a second set of deliveries.
 */
export class RecentEvents {
  readonly #seen = new Set<string>();

  /** @param capacity how many to remember; more than a broker can have unacked or unwritten acks for */
  constructor(readonly capacity: number) {}

  has(fingerprint: string): boolean {
    return this.#seen.has(fingerprint);
  }

  add(fingerprint: string): void {
    this.#seen.add(fingerprint);
    if (this.#seen.size <= this.capacity) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  delete(fingerprint: string): void {
    this.#seen.delete(fingerprint);
  }
}
