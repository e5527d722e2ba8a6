/**
 * Finds the subscriptions that want an event, at a cost that does not grow with their number.
 *
 * A subscription names events and may ask for one user, one server, and (unless it is the master
 * tenant's) one tenant. Each of these is either a value or "any", so that an event can be looked up
 * under the few combinations of its own values and "any": no scan, and no special cases.
 */
import type { BusEvent, Subscription } from '../model.ts';

const any = '';

/** The part of an event that decides who wants it. */
export type MatchableEvent = Pick<BusEvent, 'name' | 'originUuid' | 'headers'>;

/** Subscriptions to one event name, by user, tenant and server. */
interface NameIndex {
  bySelector: Map<string, Subscription[]>;
  /** How many ask for one user, tenant or server: what nobody asks for need not be looked at. */
  forUsers: number;
  forTenants: number;
  forOrigins: number;
}

/** What a subscription asks for, each a value or {@link any}. */
interface Selector {
  user: string;
  tenant: string;
  origin: string;
}

/** One more, or one fewer, that asks for what the selector names. */
function count(index: NameIndex, { user, tenant, origin }: Selector, change: 1 | -1): void {
  if (user !== any) index.forUsers += change;
  if (tenant !== any) index.forTenants += change;
  if (origin !== any) index.forOrigins += change;
}

const userHeader = 'user_uuid:';

/** The lengths keep values apart that contain the separator: publishers may write anything into a header. */
const keyOf = (user: string, tenant: string, origin: string) =>
  `${user.length}|${tenant.length}|${user}|${tenant}|${origin}`;

export class Matcher {
  readonly #names = new Map<string, NameIndex>();

  constructor(private readonly masterTenantUuid: string) {}

  add(subscription: Subscription): void {
    const selector = this.#selectorOf(subscription);
    const key = keyOf(selector.user, selector.tenant, selector.origin);
    for (const name of new Set(subscription.events)) {
      let index = this.#names.get(name);
      if (index === undefined) {
        index = { bySelector: new Map(), forUsers: 0, forTenants: 0, forOrigins: 0 };
        this.#names.set(name, index);
      }
      const list = index.bySelector.get(key);
      if (list === undefined) index.bySelector.set(key, [subscription]);
      else list.push(subscription);
      count(index, selector, 1);
    }
  }

  /** Takes out what was added, by identity. */
  remove(subscription: Subscription): void {
    const selector = this.#selectorOf(subscription);
    const key = keyOf(selector.user, selector.tenant, selector.origin);
    for (const name of new Set(subscription.events)) {
      const index = this.#names.get(name);
      const list = index?.bySelector.get(key);
      const place = list?.indexOf(subscription) ?? -1;
      if (index === undefined || list === undefined || place < 0) continue;
      list.splice(place, 1);
      count(index, selector, -1);
      if (list.length === 0) index.bySelector.delete(key);
      if (index.bySelector.size === 0) this.#names.delete(name);
    }
  }

  /** Every subscription that wants the event, each once. */
  match({ name, originUuid, headers }: MatchableEvent): Subscription[] {
    const index = this.#names.get(name);
    if (index === undefined) return [];
    const matches: Subscription[] = [];
    const users = index.forUsers > 0 ? [any, ...usersOf(headers)] : anyAlone;
    const tenants = index.forTenants > 0 ? orAny(ownValue(headers, 'tenant_uuid')) : anyAlone;
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

  #selectorOf({ eventsUserUuid, ownerTenantUuid, eventsWazoUuid }: Subscription): Selector {
    const tenant = ownerTenantUuid === this.masterTenantUuid ? any : ownerTenantUuid;
    return { user: eventsUserUuid ?? any, tenant, origin: eventsWazoUuid ?? any };
  }
}

const anyAlone: readonly string[] = [any];

const orAny = (value: unknown): readonly string[] =>
  typeof value === 'string' && value !== any ? [any, value] : anyAlone;

const ownValue = (headers: BusEvent['headers'], key: string) =>
  Object.hasOwn(headers, key) ? headers[key] : undefined;

/** The users an event concerns: those with a header `user_uuid:<uuid>` that is true. */
function usersOf(headers: BusEvent['headers']): string[] {
  const users: string[] = [];
  for (const key of Object.keys(headers)) {
    if (key.startsWith(userHeader) && headers[key] === true && key.length > userHeader.length) {
      users.push(key.slice(userHeader.length));
    }
  }
  return users;
}
