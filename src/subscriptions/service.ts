/**
 * The subscriptions there are. Every change is on disk, known to the matcher and bound on the broker
 * before its promise resolves.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Disabling, DisablingReason, JsonObject, Subscription } from '../model.ts';
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

/** Which subscriptions somebody may see. */
export interface Visible {
  tenants: ReadonlySet<string> | 'all';
  /** Only those this user owns. */
  ownerUserUuid?: string;
}

/** What happened to a subscription. */
export type Change = 'created' | 'updated' | 'deleted' | 'disabled' | 'enabled';

export interface SubscriptionServiceOptions {
  store: Pick<Store, 'subscriptions' | 'putSubscription' | 'deleteSubscription'>;
  matcher: Matcher;
  /** Event names somebody wants, so that the broker sends those and no others. */
  bindings: {
    want(names: Iterable<string>): Promise<void>;
    release(names: Iterable<string>): Promise<void>;
  };
  /** What is wrong with the options of a service; nothing when nobody provides the service yet. */
  checkConfig: (service: string, config: JsonObject) => Problem[];
  /** Told of every change, at once. */
  onChange: (uuid: string, change: Change) => void;
  /** Told of every change once it has taken effect on the bus too. */
  announce: (change: Change, subscription: Subscription) => void;
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

  list(visible?: Visible): Subscription[] {
    const all = [...this.#subscriptions.values()];
    return visible === undefined
      ? all
      : all.filter((subscription) => isVisible(subscription, visible));
  }

  /** Throws {@link NoSuchSubscription}. */
  get(uuid: string, visible?: Visible): Subscription {
    const subscription = this.#subscriptions.get(uuid);
    if (subscription === undefined) throw new NoSuchSubscription(uuid);
    if (visible !== undefined && !isVisible(subscription, visible))
      throw new NoSuchSubscription(uuid);
    return subscription;
  }

  /** Throws {@link InvalidSubscription}. */
  async create(
    input: SubscriptionInput,
    { tenantUuid }: { tenantUuid: string },
  ): Promise<Subscription> {
    const { enabled, ...fields } = input;
    const uuid = randomUUID();
    const disabled = this.disabledAs(uuid, enabled);
    const subscription = { ...fields, uuid, ownerTenantUuid: tenantUuid, disabled };
    this.#check(subscription);
    await this.#put('created', subscription);
    return subscription;
  }

  /** Replaces everything but uuid and tenant. Throws {@link NoSuchSubscription}, {@link InvalidSubscription}. */
  async update(uuid: string, input: SubscriptionInput, visible?: Visible): Promise<Subscription> {
    const { ownerTenantUuid } = this.get(uuid, visible);
    const { enabled, ...fields } = input;
    const disabled = this.disabledAs(uuid, enabled);
    const subscription = { ...fields, uuid, ownerTenantUuid, disabled };
    this.#check(subscription);
    await this.#put('updated', subscription);
    return subscription;
  }

  /** Its deliveries are parked from now on. Nothing happens to one that is disabled already, or gone. */
  async disable(uuid: string, reason: DisablingReason): Promise<void> {
    const subscription = this.#subscriptions.get(uuid);
    if (subscription?.disabled !== null) return;
    await this.#put('updated', { ...subscription, disabled: { reason, at: Date.now() } });
  }

  /**
   * Whether a subscription is to be disabled when somebody says so, or says nothing.
   *
   * @param enabled what was said
   */
  disabledAs(uuid: string, enabled: boolean | undefined): Disabling | null {
    const present = this.#subscriptions.get(uuid)?.disabled ?? null;
    if (enabled === true) return null;
    return enabled === false ? (present ?? { reason: 'manual', at: Date.now() }) : present;
  }

  /**
   * Makes or replaces one with uuid and tenant as given. Throws {@link InvalidSubscription}.
   *
   * @param isTrial whether nothing is changed, and only said what would be
   */
  async put(
    subscription: Subscription,
    { isTrial = false } = {},
  ): Promise<'created' | 'updated' | 'unchanged'> {
    this.#check(subscription);
    const former = this.#subscriptions.get(subscription.uuid);
    if (isDeepStrictEqual(former, subscription)) return 'unchanged';
    const change = former === undefined ? 'created' : 'updated';
    if (isTrial) return change;
    await this.#put(change, subscription);
    return change;
  }

  /** Its pending deliveries are cancelled. Throws {@link NoSuchSubscription}. */
  async delete(uuid: string, visible?: Visible): Promise<void> {
    const subscription = this.get(uuid, visible);
    await this.#options.store.deleteSubscription(uuid);
    await this.#replace('deleted', this.#subscriptions.get(uuid) ?? subscription, undefined);
  }

  /** Deletes all that `isMeant` names; returns them. */
  async deleteAll(isMeant: (subscription: Subscription) => boolean): Promise<Subscription[]> {
    const meant = this.list().filter(isMeant);
    for (const { uuid } of meant) if (this.#subscriptions.has(uuid)) await this.delete(uuid);
    return meant;
  }

  /** What it was before is looked at when it is on disk: others may have changed it meanwhile. */
  async #put(change: Change, subscription: Subscription): Promise<void> {
    await this.#options.store.putSubscription(subscription);
    const former = this.#subscriptions.get(subscription.uuid);
    await this.#replace(change, former, subscription);
    const wasEnabled = (former?.disabled ?? null) === null;
    const isEnabled = subscription.disabled === null;
    if (wasEnabled !== isEnabled) this.#tell(isEnabled ? 'enabled' : 'disabled', subscription);
  }

  #tell(change: Change, subscription: Subscription): void {
    this.#options.onChange(subscription.uuid, change);
    this.#options.announce(change, subscription);
  }

  async #replace(
    change: Change,
    former: Subscription | undefined,
    next: Subscription | undefined,
  ): Promise<void> {
    const { matcher, bindings, onChange, announce } = this.#options;
    if (former !== undefined) {
      matcher.remove(former);
      this.#subscriptions.delete(former.uuid);
    }
    if (next !== undefined) {
      matcher.add(next);
      this.#subscriptions.set(next.uuid, next);
    }
    const changed = next ?? former;
    if (changed === undefined) return;
    onChange(changed.uuid, change);
    // First what is new: a name in both is never unbound in between.
    if (next !== undefined) await bindings.want(new Set(next.events));
    if (former !== undefined) await bindings.release(new Set(former.events));
    announce(change, changed);
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
}

const isVisible = (
  { ownerTenantUuid, ownerUserUuid }: Subscription,
  { tenants, ownerUserUuid: owner }: Visible,
): boolean =>
  (tenants === 'all' || tenants.has(ownerTenantUuid)) &&
  (owner === undefined || ownerUserUuid === owner);
