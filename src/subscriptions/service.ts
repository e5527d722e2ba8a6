/**
 * The subscriptions there are. Every change is on disk, known to the matcher and bound on the broker
 * before its promise resolves.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Disabling, DisablingReason, JsonObject, Subscription } from '../model.ts';
import type { Store } from '../store/store.ts';
import { Turn } from '../turn.ts';
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
    /** Why nobody can have events of a name. */
    problemOf(name: string): Omit<Problem, 'field'> | undefined;
  };
  /** What is wrong with the options of a service; nothing when nobody provides the service yet. */
  checkConfig: (service: string, config: JsonObject) => Problem[];
  /** Told of every change, at once. */
  onChange: (subscription: Subscription, change: Change) => void;
  /** What the bus is to be told of a change; kept together with it. */
  announcementOf: (change: Change, subscription: Subscription) => string;
  /** Called when changes have taken effect on the bus: now it may be told of them. */
  announce: () => void;
}

export class SubscriptionService {
  readonly #options: SubscriptionServiceOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  /** The change before, until it is on disk. */
  readonly #turn = new Turn();

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
    await this.#put(subscription);
    return subscription;
  }

  /** Replaces everything but uuid and tenant. Throws {@link NoSuchSubscription}, {@link InvalidSubscription}. */
  async update(uuid: string, input: SubscriptionInput, visible?: Visible): Promise<Subscription> {
    const { ownerTenantUuid } = this.get(uuid, visible);
    const { enabled, ...fields } = input;
    const disabled = this.disabledAs(uuid, enabled);
    const subscription = { ...fields, uuid, ownerTenantUuid, disabled };
    this.#check(subscription);
    await this.#put(subscription, { isThere: true });
    return subscription;
  }

  /**
   * Its deliveries are parked from now on, and not only when that is on disk: what waits for it would be
   * attempted meanwhile. Nothing happens to one that is disabled already, or gone.
   */
  async disable(uuid: string, reason: DisablingReason): Promise<void> {
    const { store, onChange, announcementOf, announce } = this.#options;
    const former = this.#subscriptions.get(uuid);
    if (former?.disabled !== null) return;
    const disabled = { reason, at: Date.now() };
    const subscription = { ...former, disabled };
    this.#swap(former, subscription);
    onChange(subscription, 'disabled');
    await this.#inTurn(async () => {
      const present = this.#subscriptions.get(uuid);
      // Deleted, or enabled again, by what was before it in turn.
      if (present?.disabled !== disabled) return announce;
      const announcements = (['updated', 'disabled'] as const).map((change) =>
        announcementOf(change, present),
      );
      await store.putSubscription(present, announcements);
      return announce;
    });
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
    await this.#put(subscription);
    return change;
  }

  /** Its pending deliveries are cancelled. Throws {@link NoSuchSubscription}. */
  async delete(uuid: string, visible?: Visible): Promise<void> {
    await this.#inTurn(() => this.#delete(this.get(uuid, visible)));
  }

  /** Deletes all that `isMeant` names; returns those that nothing else had deleted before. */
  async deleteAll(isMeant: (subscription: Subscription) => boolean): Promise<Subscription[]> {
    const deleted: Subscription[] = [];
    for (const { uuid } of this.list().filter(isMeant)) {
      await this.#inTurn(async () => {
        const present = this.#subscriptions.get(uuid);
        // Deleted, or given to somebody else, by what was before it in turn.
        if (present === undefined || !isMeant(present)) return () => undefined;
        deleted.push(present);
        return this.#delete(present);
      });
    }
    return deleted;
  }

  async #delete(subscription: Subscription): Promise<() => Promise<void>> {
    const { store, announcementOf } = this.#options;
    const { uuid } = subscription;
    await store.deleteSubscription(uuid, [announcementOf('deleted', subscription)]);
    return this.#replace(['deleted'], this.#subscriptions.get(uuid), undefined);
  }

  /** @param isThere whether there has to be one to be replaced; throws {@link NoSuchSubscription} */
  async #put(subscription: Subscription, { isThere = false } = {}): Promise<void> {
    const { store, announcementOf } = this.#options;
    await this.#inTurn(async () => {
      const former = this.#subscriptions.get(subscription.uuid);
      if (isThere && former === undefined) throw new NoSuchSubscription(subscription.uuid);
      const changes = changesBetween(former, subscription);
      await store.putSubscription(
        subscription,
        changes.map((change) => announcementOf(change, subscription)),
      );
      const present = this.#subscriptions.get(subscription.uuid);
      // Disabled while this was on its way to the disk: so it stays.
      const next =
        present === former
          ? subscription
          : { ...subscription, disabled: present?.disabled ?? null };
      return this.#replace(changes, present, next);
    });
  }

  /**
   * One change after the other, until it is on disk and in force: what one was before is what another made of it.
   *
   * @param work what it returns is done after its turn, and waited for
   */
  async #inTurn(work: () => Promise<() => Promise<void> | void>): Promise<void> {
    const rest = await this.#turn.take(work);
    await rest();
  }

  /** In force here at once; on the bus when the returned function has been called. */
  #replace(
    changes: readonly Change[],
    former: Subscription | undefined,
    next: Subscription | undefined,
  ): () => Promise<void> {
    const { bindings, onChange, announce } = this.#options;
    this.#swap(former, next);
    const changed = next ?? former;
    if (changed !== undefined) for (const change of changes) onChange(changed, change);
    return async () => {
      // First what is new: a name in both is never unbound in between.
      if (next !== undefined) await bindings.want(new Set(next.events));
      if (former !== undefined) await bindings.release(new Set(former.events));
      announce();
    };
  }

  #swap(former: Subscription | undefined, next: Subscription | undefined): void {
    const { matcher } = this.#options;
    if (former !== undefined) {
      matcher.remove(former);
      this.#subscriptions.delete(former.uuid);
    }
    if (next !== undefined) {
      matcher.add(next);
      this.#subscriptions.set(next.uuid, next);
    }
  }

  /** What is wrong with the options of a service. */
  problemsOf(service: string, config: JsonObject): Problem[] {
    return this.#options.checkConfig(service, config);
  }

  #check({ service, config, events }: Subscription): void {
    const problems = this.problemsOf(service, config);
    for (const [index, name] of events.entries()) {
      const problem = this.#options.bindings.problemOf(name);
      if (problem !== undefined) problems.push({ field: `events.${index}`, ...problem });
    }
    if (problems.length > 0) throw new InvalidSubscription(problems);
  }
}

function changesBetween(former: Subscription | undefined, next: Subscription): Change[] {
  const change = former === undefined ? 'created' : 'updated';
  const wasEnabled = (former?.disabled ?? null) === null;
  const isEnabled = next.disabled === null;
  return wasEnabled === isEnabled ? [change] : [change, isEnabled ? 'enabled' : 'disabled'];
}

const isVisible = (
  { ownerTenantUuid, ownerUserUuid }: Subscription,
  { tenants, ownerUserUuid: owner }: Visible,
): boolean =>
  (tenants === 'all' || tenants.has(ownerTenantUuid)) &&
  (owner === undefined || ownerUserUuid === owner);
