/**
 * Finds the subscriptions that want an event, at a cost that does not grow with their number.
 *
 * A subscription names events, belongs to a tenant, and may ask for one user and one server. Each of
 * these is either a value or "any", so that an event can be looked up under the few combinations of its
 * own values and "any", its own tenant and the master tenant: no scan, and no special cases.
 */
import type { BusEvent, Subscription } from '../model.ts';

const any = '';

/** The part of an event that decides who wants it. */
export type MatchableEvent = Pick<BusEvent, 'name' | 'originUuid' | 'headers'>;

/** Subscriptions to one event name, by user, tenant and server. */
interface NameIndex {
  bySelector: Map<string, Subscription[]>;
  /** How many ask for one user or server: what nobody asks for need not be looked at. */
  forUsers: number;
  forOrigins: number;
}

/** What a subscription asks for; user and origin are a value or {@link any}. */
interface Selector {
  user: string;
  tenant: string;
  origin: string;
}

/** One more, or one fewer, that asks for what the selector names. */
function count(index: NameIndex, { user, origin }: Selector, change: 1 | -1): void {
  if (user !== any) index.forUsers += change;
  if (origin !== any) index.forOrigins += change;
}

const userHeader = 'user_uuid:';

/** In a header `user_uuid:*`: all users of the tenant. */
const everyUser = '*';

/** Events that concern every user of a tenant without naming one. */
const namesForEveryUser: ReadonlySet<string> = new Set(['global_voicemail_message_created']);

/** Under which users a subscription to an event is found: its own, and with all others where an event is for all. */
const usersToIndex = (name: string, user: string): readonly string[] =>
  user !== any && namesForEveryUser.has(name) ? [user, everyUser] : [user];

/** The lengths keep values apart that contain the separator: publishers may write anything into a header. */
const keyOf = (user: string, tenant: string, origin: string) =>
  `${user.length}|${tenant.length}|${user}|${tenant}|${origin}`;

export class Matcher {
  readonly #names = new Map<string, NameIndex>();

  /** @param masterTenant the tenant whose subscriptions see the events of all; it may be found out later */
  constructor(private readonly masterTenant: { readonly uuid: string | undefined }) {}

  add(subscription: Subscription): void {
    const selector = selectorOf(subscription);
    for (const name of new Set(subscription.events)) {
      let index = this.#names.get(name);
      if (index === undefined) {
        index = { bySelector: new Map(), forUsers: 0, forOrigins: 0 };
        this.#names.set(name, index);
      }
      for (const user of usersToIndex(name, selector.user)) {
        const key = keyOf(user, selector.tenant, selector.origin);
        const list = index.bySelector.get(key);
        if (list === undefined) index.bySelector.set(key, [subscription]);
        else list.push(subscription);
      }
      count(index, selector, 1);
    }
  }

  /** Takes out what was added, by identity. */
  remove(subscription: Subscription): void {
    const selector = selectorOf(subscription);
    for (const name of new Set(subscription.events)) {
      const index = this.#names.get(name);
      if (index === undefined) continue;
      let wasThere = false;
      for (const user of usersToIndex(name, selector.user)) {
        const key = keyOf(user, selector.tenant, selector.origin);
        wasThere = takeOut(index.bySelector, key, subscription) || wasThere;
      }
      if (wasThere) count(index, selector, -1);
      if (index.bySelector.size === 0) this.#names.delete(name);
    }
  }

  /** Every subscription that wants the event, each once. */
  match({ name, originUuid, headers }: MatchableEvent): Subscription[] {
    const index = this.#names.get(name);
    if (index === undefined) return [];
    const matches: Subscription[] = [];
    const users = index.forUsers > 0 ? [any, ...usersOf(name, headers)] : anyAlone;
    const tenants = this.#tenantsOf(headers);
    const origins = index.forOrigins > 0 ? orAny(originUuid) : anyAlone;
    for (const user of users) {
      for (const tenant of tenants) {
        for (const origin of origins) {
          const list = index.bySelector.get(keyOf(user, tenant, origin));
          for (const subscription of list ?? []) matches.push(subscription);
        }
      }
    }
    return matches;
  }

  /** The tenants whose subscriptions may see an event. */
  #tenantsOf(headers: BusEvent['headers']): readonly string[] {
    const master = this.masterTenant.uuid;
    const own = ownValue(headers, 'tenant_uuid');
    const tenants = master === undefined ? [] : [master];
    if (typeof own === 'string' && own !== master) tenants.push(own);
    return tenants;
  }
}

const selectorOf = ({
  eventsUserUuid,
  ownerTenantUuid,
  eventsWazoUuid,
}: Subscription): Selector => ({
  user: eventsUserUuid ?? any,
  tenant: ownerTenantUuid,
  origin: eventsWazoUuid ?? any,
});

/** Whether it was there. */
function takeOut(
  bySelector: NameIndex['bySelector'],
  key: string,
  subscription: Subscription,
): boolean {
  const list = bySelector.get(key);
  const place = list?.indexOf(subscription) ?? -1;
  if (list === undefined || place < 0) return false;
  list.splice(place, 1);
  if (list.length === 0) bySelector.delete(key);
  return true;
}

const anyAlone: readonly string[] = [any];

const orAny = (value: unknown): readonly string[] =>
  typeof value === 'string' && value !== any ? [any, value] : anyAlone;

const ownValue = (headers: BusEvent['headers'], key: string) =>
  Object.hasOwn(headers, key) ? headers[key] : undefined;

/** The users an event concerns: those with a header `user_uuid:<uuid>` that is true. */
function usersOf(name: string, headers: BusEvent['headers']): readonly string[] {
  if (namesForEveryUser.has(name) && ownValue(headers, userHeader + everyUser) === true)
    return [everyUser];
  const users: string[] = [];
  for (const key of Object.keys(headers)) {
    if (key.startsWith(userHeader) && headers[key] === true && key.length > userHeader.length) {
      users.push(key.slice(userHeader.length));
    }
  }
  return users;
}
