/** The raw events that a host asked for. */
import type { EventTaps, Tap } from './event-taps.ts';

export class HostTaps {
  readonly #taps = new Map<string, Tap>();
  #isOver = false;

  constructor(private readonly all: Pick<EventTaps, 'add' | 'remove'>) {}

  /** @throws Error when the host has ended: what it still said is read after that */
  async add(id: string, tap: Tap): Promise<void> {
    if (this.#isOver) throw new Error('the process ends');
    this.#taps.set(id, tap);
    await this.all.add(tap);
  }

  async remove(id: string): Promise<void> {
    const tap = this.#taps.get(id);
    this.#taps.delete(id);
    if (tap !== undefined) await this.all.remove(tap);
  }

  /** All of them, and there will be no other. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const tap of this.#taps.values()) await this.all.remove(tap);
  }
}
