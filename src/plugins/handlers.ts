/**
 * Handlers respond to events without a subscription made for them. Each is given one that only the
 * event's way knows: its deliveries are then deliveries like any other.
 */
import { v5 as uuidv5 } from 'uuid';
import type { Subscription } from '../model.ts';
import { everyTenant } from '../subscriptions/matcher.ts';

/** The namespace of the uuids handlers get: the same one for the same handler, over restarts and versions. */
const namespace = '8f6f3c5e-3d0b-5d1c-9b5e-0c1f6d2a7e44';

export interface HandlersOptions {
  matcher: { add(subscription: Subscription): void; remove(subscription: Subscription): void };
  bindings: {
    want(names: Iterable<string>): Promise<void>;
    release(names: Iterable<string>): Promise<void>;
  };
}

export class Handlers {
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(private readonly options: HandlersOptions) {}

  find(uuid: string): Subscription | undefined {
    return this.#subscriptions.get(uuid);
  }

  /** The handler's own, if it has one. */
  of(service: string): Subscription | undefined {
    return this.find(uuidv5(service, namespace));
  }

  /** From now on the handler gets these events; what it was to get before goes on being delivered. */
  async set(service: string, plugin: string, events: readonly string[]): Promise<void> {
    const { matcher, bindings } = this.options;
    const former = this.of(service);
    const next: Subscription = {
      uuid: uuidv5(service, namespace),
      name: `${service} of ${plugin}`,
      service,
      config: {},
      events: [...new Set(events)],
      eventsUserUuid: null,
      eventsWazoUuid: null,
      ownerUserUuid: null,
      ownerTenantUuid: everyTenant,
      metadata: {},
      filter: null,
      delivery: {},
      disabled: null,
    };
    // Between these two no event is matched: both are done before anything else happens.
    if (former !== undefined) matcher.remove(former);
    matcher.add(next);
    this.#subscriptions.set(next.uuid, next);
    await bindings.want(next.events);
    if (former !== undefined) await bindings.release(former.events);
  }

  /** The handler is gone; the uuid its deliveries were kept under. */
  async remove(service: string): Promise<string | undefined> {
    const { matcher, bindings } = this.options;
    const former = this.of(service);
    if (former === undefined) return undefined;
    matcher.remove(former);
    this.#subscriptions.delete(former.uuid);
    await bindings.release(former.events);
    return former.uuid;
  }
}
