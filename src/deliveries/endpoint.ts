/**
 * What is known of the other side of deliveries: whether it works, and how much it can take.
 *
 * A circuit breaker that makes deliveries wait instead of failing them: after repeated failures nothing
 * is sent for a while, then one attempt probes. From there, and after an answer that asks for less, more
 * attempts may run at once with every success, until there is no limit again.
 */
import type { Logger } from 'pino';
import type { AttemptResult } from './runner.ts';

/**
 * What an attempt told of its endpoint: it works, whatever it thinks of the request (`up`), it does not
 * (`down`), or it has too much to do (`busy`).
 */
type EndpointSign = 'up' | 'down' | 'busy';

/** What an attempt tells of its endpoint; nothing when it was cut, or never got that far. */
export function signOf(result: AttemptResult | undefined): EndpointSign | undefined {
  if (result === undefined) return undefined;
  const { status, endpoint } = result;
  if (endpoint === 'down' || endpoint === 'busy') return endpoint;
  if (endpoint === 'unknown') return undefined;
  return status === 'error' && endpoint === undefined ? undefined : 'up';
}

export interface BreakerOptions {
  /** So many failures in a row break the circuit. */
  failures: number;
  /** The first pause, ms; each that follows without a success in between is twice as long. */
  pause: number;
  /** ms */
  longestPause: number;
}

export type EndpointState = 'closed' | 'open' | 'half_open';

/** From so many at once on there is no limit of the endpoint's own. */
const ample = 64;

/** Endpoints that broke together are not probed together. */
const jitter = 0.2;

export class Endpoint {
  #inFlight = 0;
  #limit = Infinity;
  #failures = 0;
  #isProbing = false;
  #pause: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOpen called when attempts may begin after none could */
  constructor(
    readonly name: string,
    private readonly options: BreakerOptions,
    private readonly log: Logger,
    private readonly onOpen: () => void,
  ) {
    this.#pause = options.pause;
  }

  /** In a breaker's words: an open circuit lets nothing through. */
  get state(): EndpointState {
    if (this.#timer !== undefined) return 'open';
    return this.#isProbing ? 'half_open' : 'closed';
  }

  /** Whether no attempt may begin now. */
  get isBlocked(): boolean {
    return this.#timer !== undefined || this.#inFlight >= this.#limit;
  }

  /** Whether it is like one that nothing is known of. */
  get isSound(): boolean {
    return this.#failures === 0 && this.#limit === Infinity && !this.#isProbing;
  }

  /** An attempt begins. */
  begin(): void {
    this.#inFlight++;
  }

  /** It has ended; undefined when it says nothing of the endpoint. */
  end(sign: EndpointSign | undefined): void {
    this.#inFlight--;
    if (sign === 'up') this.#succeeded();
    else if (sign !== undefined) this.#failed(sign);
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#pause = this.options.pause;
    if (this.#isProbing) {
      this.#isProbing = false;
      this.log.info({ endpoint: this.name }, `${this.name} works again`);
    }
    if (this.#limit !== Infinity) this.#limit = this.#limit >= ample ? Infinity : this.#limit + 1;
  }

  #failed(sign: 'down' | 'busy'): void {
    // What was in flight when the circuit broke tells nothing new.
    if (this.#timer !== undefined) return;
    this.#failures++;
    if (sign === 'busy')
      this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#inFlight + 1) / 2));
    if (this.#isProbing || this.#failures >= this.options.failures) this.#break();
  }

  #break(): void {
    const pause = this.#pause * (1 + jitter * (2 * Math.random() - 1));
    this.#pause = Math.min(this.#pause * 2, this.options.longestPause);
    this.log.warn(
      { endpoint: this.name, failures: this.#failures, pause_ms: Math.round(pause) },
      `${this.name} failed ${this.#failures} times in a row: its deliveries wait ${(pause / 1000).toFixed(1)} s`,
    );
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isProbing = true;
      this.#limit = 1;
      this.onOpen();
    }, pause);
    this.#timer.unref();
  }
}

/** How long trouble is remembered of an endpoint that nobody delivers to, ms. */
const memory = 3_600_000;

/** The endpoints that lanes deliver to, each known once. */
export class Endpoints {
  readonly #known = new Map<string, { endpoint: Endpoint; users: number }>();
  /** Those in trouble that nobody uses at present, and since when, the longest first. */
  readonly #unused = new Map<string, number>();

  constructor(private readonly make: (name: string) => Endpoint) {}

  /** To be given back with {@link release}. */
  acquire(name: string): Endpoint {
    this.#forgetOld();
    let known = this.#known.get(name);
    if (known === undefined)
      this.#known.set(name, (known = { endpoint: this.make(name), users: 0 }));
    known.users++;
    this.#unused.delete(name);
    return known.endpoint;
  }

  /** A lane comes and goes with its deliveries: what is known of an endpoint in trouble outlives it. */
  release({ name }: Endpoint): void {
    const known = this.#known.get(name);
    if (known === undefined || --known.users > 0) return;
    if (known.endpoint.isSound) this.#known.delete(name);
    else this.#unused.set(name, Date.now());
  }

  #forgetOld(): void {
    const before = Date.now() - memory;
    for (const [name, since] of this.#unused) {
      if (since > before) return;
      this.#unused.delete(name);
      this.#known.delete(name);
    }
  }

  /** How many are in each state. */
  states(): Record<EndpointState, number> {
    const states = { closed: 0, open: 0, half_open: 0 };
    for (const { endpoint } of this.#known.values()) states[endpoint.state]++;
    return states;
  }
}
