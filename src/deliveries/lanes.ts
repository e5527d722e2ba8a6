/** The lanes there are: one for every subscription with deliveries to make, as the subscription says. */
import type { Logger } from 'pino';
import type { Subscription } from '../model.ts';
import { CatchUps, type CatchUpsOptions } from './catch-ups.ts';
import { type BreakerOptions, Endpoint, Endpoints } from './endpoint.ts';
import { Lane, type Load } from './lane.ts';
import { Pace, Paces } from './pace.ts';
import type { RunnableService } from './runner.ts';

export interface LanesOptions {
  store: CatchUpsOptions['store'];
  findSubscription: (uuid: string) => Subscription | undefined;
  /** The service that delivers, or undefined while nobody provides it: its deliveries wait. */
  findService: (name: string) => RunnableService | undefined;
  breaker: BreakerOptions;
  limits: {
    maxInFlightPerSubscription: number;
    /** Attempts a second while a subscription catches up with what was parked. */
    replayRate: number;
  };
  load: Load;
  /** An endpoint or a pace that held lanes up does so no more. */
  onFree: (obstacle: object) => void;
  log: Logger;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #endpoints: Endpoints;
  readonly #paces = new Paces((rate) => this.#pace(rate));
  readonly #catchUps: CatchUps;

  constructor(options: LanesOptions) {
    this.#options = options;
    const { store, breaker, onFree, log } = options;
    this.#endpoints = new Endpoints((name) => {
      const endpoint: Endpoint = new Endpoint(name, breaker, log, () => onFree(endpoint));
      return endpoint;
    });
    this.#catchUps = new CatchUps({ store, log });
  }

  /** How many endpoints are in which state. */
  get endpointStates() {
    return this.#endpoints.states();
  }

  /** Takes up who was catching up when the daemon ended. */
  load(): Promise<void> {
    return this.#catchUps.load();
  }

  uuids(): string[] {
    return [...this.#lanes.keys()];
  }

  find(subscriptionUuid: string): Lane | undefined {
    return this.#lanes.get(subscriptionUuid);
  }

  /** Made if there is none. */
  of(subscriptionUuid: string): Lane {
    let lane = this.#lanes.get(subscriptionUuid);
    if (lane === undefined) {
      this.#lanes.set(subscriptionUuid, (lane = new Lane(subscriptionUuid, this.#options.load)));
      this.configure(lane);
    }
    return lane;
  }

  /** Takes up what the subscription says at present. */
  configure(lane: Lane): void {
    const { findSubscription, findService, limits } = this.#options;
    const subscription = findSubscription(lane.subscriptionUuid);
    const { ordered = false, maxInFlight, rateLimit } = subscription?.delivery ?? {};
    lane.isOrdered = ordered;
    lane.maxInFlight = ordered ? 1 : (maxInFlight ?? limits.maxInFlightPerSubscription);
    lane.pace = this.#paces.of(lane.subscriptionUuid, rateLimit);
    const service = subscription && findService(subscription.service);
    const name =
      (subscription && service?.endpointOf(subscription)) ??
      `subscription ${lane.subscriptionUuid}`;
    if (lane.endpoint?.name === name) return;
    if (lane.endpoint !== undefined) this.#endpoints.release(lane.endpoint);
    lane.endpoint = this.#endpoints.acquire(name);
  }

  /** The lane has nothing left; what is known of its rate and of its endpoint outlives it. */
  drop(lane: Lane): void {
    this.#lanes.delete(lane.subscriptionUuid);
    this.endCatchUp(lane);
    if (lane.endpoint !== undefined) this.#endpoints.release(lane.endpoint);
    lane.endpoint = undefined;
  }

  /** The subscription was deleted: its rate is of no more interest. */
  forget(subscriptionUuid: string): void {
    this.#paces.of(subscriptionUuid, undefined);
  }

  /** Who delivers; undefined while nobody does, and while the subscription is disabled. */
  serviceOf(lane: Lane): RunnableService | undefined {
    const { findSubscription, findService } = this.#options;
    const subscription = findSubscription(lane.subscriptionUuid);
    return subscription?.disabled === null ? findService(subscription.service) : undefined;
  }

  isServed(lane: Lane): boolean {
    return this.serviceOf(lane) !== undefined;
  }

  /** What holds the lane up, if anything does. */
  obstacleOf(lane: Lane): object | undefined {
    const { endpoint, pace, catchUp } = lane;
    if (endpoint?.isBlocked === true) return endpoint;
    if (pace?.isSpent === true) return pace;
    if (catchUp?.pace.isSpent === true) return catchUp.pace;
    const service = this.serviceOf(lane);
    return service?.isFull === true ? service : undefined;
  }

  /**
   * What was parked until now goes out slowly, the oldest first.
   *
   * @param onHastened called when what waits for a later attempt is due too
   */
  beginCatchUp(lane: Lane, onHastened: () => void): void {
    const now = Date.now();
    this.#catchUps.begin(lane.subscriptionUuid, now, onHastened);
    this.#catchUp(lane, now);
  }

  /** After a restart: goes on with it. */
  resumeCatchUp(lane: Lane): void {
    const until = this.#catchUps.of(lane.subscriptionUuid);
    if (until !== undefined) this.#catchUp(lane, until);
  }

  endCatchUp(lane: Lane): void {
    if (lane.catchUp === undefined) return;
    lane.catchUp = undefined;
    this.#catchUps.end(lane.subscriptionUuid);
  }

  /** @param until what was received before goes out slowly */
  #catchUp(lane: Lane, until: number): void {
    lane.catchUp = { pace: this.#pace(this.#options.limits.replayRate), until };
  }

  #pace(rate: number): Pace {
    const pace: Pace = new Pace(rate, () => this.#options.onFree(pace));
    return pace;
  }
}
