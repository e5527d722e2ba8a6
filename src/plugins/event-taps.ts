/** Raw events for plugins: in memory, best effort. A callback that throws is logged and hurts nobody. */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { BusEvent, JsonObject } from '../model.ts';
import type { EventCallback } from '../plugin-api/contract.ts';

/** Who wants which raw events. */
export interface Tap {
  uuid: string;
  eventNames: readonly string[];
  callback: EventCallback;
  /** Header values an event has to have. */
  headers: JsonObject;
  /** Whether it has to have all of them, or one. */
  matchAll: boolean;
  wazoUuid: string | null;
}

export class EventTaps {
  readonly #taps = new Set<Tap>();
  readonly #byName = new Map<string, Set<Tap>>();

  constructor(
    private readonly bindings: {
      want(names: Iterable<string>): Promise<void>;
      release(names: Iterable<string>): Promise<void>;
      problemOf(name: string): { message: string } | undefined;
    },
    private readonly log: Logger,
  ) {}

  /**
   * @throws TypeError when it is not for names that can be bound, or its headers are none: plugins in JavaScript may
   * ask for anything
   */
  async add(tap: Tap): Promise<void> {
    const headers: unknown = tap.headers;
    if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
      throw new TypeError('`headers` of a subscription to events is an object');
    const isName = (name: unknown) => typeof name === 'string' && name !== '';
    if (!tap.eventNames.every(isName)) throw new TypeError('the name of an event is a text');
    for (const name of tap.eventNames) {
      const problem = this.bindings.problemOf(name);
      if (problem !== undefined) throw new TypeError(`the name of an event ${problem.message}`);
    }
    this.#taps.add(tap);
    for (const name of tap.eventNames) {
      const taps = this.#byName.get(name);
      if (taps === undefined) this.#byName.set(name, new Set([tap]));
      else taps.add(tap);
    }
    await this.bindings.want(tap.eventNames);
  }

  /** Does nothing when it is not there, or no more. */
  async remove(tap: Tap): Promise<void> {
    if (!this.#taps.delete(tap)) return;
    for (const name of tap.eventNames) {
      const taps = this.#byName.get(name);
      if (taps?.delete(tap) === true && taps.size === 0) this.#byName.delete(name);
    }
    await this.bindings.release(tap.eventNames);
  }

  /** Every tap, each once. */
  list(): Tap[] {
    return [...this.#taps];
  }

  /** Never throws. */
  emit(event: BusEvent): void {
    const taps = this.#byName.get(event.name);
    if (taps === undefined) return;
    for (const tap of taps) void this.#tell(tap, event);
  }

  async #tell(tap: Tap, event: BusEvent): Promise<void> {
    try {
      // What a tap asks for is the plugin's own object, and may throw like its callback.
      if (fits(tap, event)) await tap.callback(event);
    } catch (error) {
      this.log.error(
        { err: error, event: event.name, tap: tap.uuid },
        `a plugin's event callback failed: ${messageOf(error)}`,
      );
    }
  }
}

function fits({ headers, matchAll, wazoUuid }: Tap, event: BusEvent): boolean {
  if (wazoUuid !== null && event.originUuid !== wazoUuid) return false;
  const wanted = Object.entries(headers);
  if (wanted.length === 0) return true;
  const has = ([key, value]: [string, unknown]) =>
    Object.hasOwn(event.headers, key) && event.headers[key] === value;
  return matchAll ? wanted.every(has) : wanted.some(has);
}
