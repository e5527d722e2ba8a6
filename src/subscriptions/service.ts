/**
 * The subscriptions there are. Every change is on disk, known to the matcher and bound on the broker
 * before its promise resolves.
 */
import { randomUUID } from 'node:crypto';
import type { JsonObject, Subscription } from '../model.ts';
import type { Store } from '../store/store.ts';
import type { Matcher } from './matcher.ts';
import type { SubscriptionInput } from './schema.ts';

/** Nobody has a subscription of this uuid, or it is another tenant's. */
export class NoSuchSubscription extends Error {
  override readonly name = 'NoSuchSubscription';

  constructor(readonly uuid: string) {
    super(`No such subscription: ${uuid}`);
  }
}

/** One thing that is wrong with an input. */
export interface Problem {
  /** `config.url` */
  field: string;
  message: string;
  /** The constraint that is not met, as JSON Schema names it: `maxLength`. */
  constraint: string;
  /** What the constraint asks for: 128. */
  limit?: unknown;
}

export class InvalidSubscription extends Error {
  override readonly name = 'InvalidSubscription';

  constructor(readonly problems: Problem[]) {
    super(problems.map(({ field, message }) => `${field}: ${message}`).join('; '));
  }
}

/** Whose subscriptions are meant. */
export interface TenantScope {
  tenantUuid: string;
  /** The tenants below it too. */
  recurse?: boolean;
}

export interface SubscriptionServiceOptions {
  store: Pick<Store, 'subscriptions' | 'putSubscription' | 'deleteSubscription'>;
  matcher: Matcher;
  masterTenantUuid: string;
  /** Event names somebody wants, so that the broker sends those and no others. */
  bindings: {
    want(names: Iterable<string>): Promise<void>;
    release(names: Iterable<string>): Promise<void>;
  };
  /** What is wrong with the options of a service; nothing when nobody provides the service yet. */
  checkConfig: (service: string, config: JsonObject) => Problem[];
  /** Told of every subscription that was changed or deleted. */
  onChange: (uuid: string) => void;
}

/** An event's name is also a routing key, which AMQP limits to 255 bytes. */
const maxNameBytes = 255;

export class SubscriptionService {
  readonly #options: SubscriptionServiceOptions;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(options: SubscriptionServiceOptions) {
    this.#options = options;
  }

  /** Reads all subscriptions from the store. Returns how many there are. */
  async load(): Promise<number> {
    const { store, matcher, bindings } = this.#options;
    const names: string[] = [];
    for (const subscription of await store.subscriptions()) {
      this.#subscriptions.set(subscription.uuid, subscription);
      matcher.add(subscription);
      names.push(...new Set(subscription.events));
    }
    await bindings.want(names);
    return this.#subscriptions.size;
  }

  /** For the event's way: no questions of tenants. */
  find(uuid: string): Subscription | undefined {
    return this.#subscriptions.get(uuid);
  }

  list(scope?: TenantScope): Subscription[] {
    const all = [...this.#subscriptions.values()];
    return scope === undefined
      ? all
      : all.filter((subscription) => this.#isInList(subscription, scope));
  }

  /** Throws {@link NoSuchSubscription}. */
  get(uuid: string, scope?: TenantScope): Subscription {
    const subscription = this.#subscriptions.get(uuid);
    if (subscription === undefined) throw new NoSuchSubscription(uuid);
    if (scope !== undefined && !this.#isInList(subscription, { ...scope, recurse: true })) {
      throw new NoSuchSubscription(uuid);
    }
    return subscription;
  }

  /** Throws {@link InvalidSubscription}. */
  async create(input: SubscriptionInput, { tenantUuid }: TenantScope): Promise<Subscription> {
    const subscription = { ...input, uuid: randomUUID(), ownerTenantUuid: tenantUuid };
    this.#check(subscription);
    await this.#options.store.putSubscription(subscription);
    await this.#replace(undefined, subscription);
    return subscription;
  }

  /** Replaces everything but uuid and tenant. Throws {@link NoSuchSubscription}, {@link InvalidSubscription}. */
  async update(uuid: string, input: SubscriptionInput, scope?: TenantScope): Promise<Subscription> {
    const { ownerTenantUuid } = this.get(uuid, scope);
    const subscription = { ...input, uuid, ownerTenantUuid };
    this.#check(subscription);
    await this.#options.store.putSubscription(subscription);
    await this.#replace(this.#subscriptions.get(uuid), subscription);
    return subscription;
  }

  /** Its pending deliveries are cancelled. Throws {@link NoSuchSubscription}. */
  async delete(uuid: string, scope?: TenantScope): Promise<void> {
    this.get(uuid, scope);
    await this.#options.store.deleteSubscription(uuid);
    await this.#replace(this.#subscriptions.get(uuid), undefined);
  }

  async #replace(former: Subscription | undefined, next: Subscription | undefined): Promise<void> {
    const { matcher, bindings, onChange } = this.#options;
    if (former !== undefined) {
      matcher.remove(former);
      this.#subscriptions.delete(former.uuid);
    }
    if (next !== undefined) {
      matcher.add(next);
      this.#subscriptions.set(next.uuid, next);
    }
    const changed = former ?? next;
    if (changed !== undefined) onChange(changed.uuid);
    // First what is new: a name in both is never unbound in between.
    if (next !== undefined) await bindings.want(new Set(next.events));
    if (former !== undefined) await bindings.release(new Set(former.events));
  }

  #check({ service, config, events }: Subscription): void {
    const problems = this.#options.checkConfig(service, config);
    for (const [index, name] of events.entries()) {
      if (Buffer.byteLength(name) > maxNameBytes) {
        problems.push({
          field: `events.${index}`,
          message: `must NOT have more than ${maxNameBytes} bytes in UTF-8`,
          constraint: 'maxLength',
          limit: maxNameBytes,
        });
      }
    }
    if (problems.length > 0) throw new InvalidSubscription(problems);
  }

  /** The master tenant is above all others. */
  #isInList(
    { ownerTenantUuid }: Subscription,
    { tenantUuid, recurse = false }: TenantScope,
  ): boolean {
    return (
      ownerTenantUuid === tenantUuid || (recurse && tenantUuid === this.#options.masterTenantUuid)
    );
  }
}
