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
  /** How many ask for one user: when none does, an event's users need not be looked at. */
  forUsers: number;
}

const userHeader = 'user_uuid:';

/** The lengths keep values apart that contain the separator: publishers may write anything into a header. */
const selector = (user: string, tenant: string, origin: string) => `${user.length}|${tenant.length}|${user}|${tenant}|${origin}`;

export class Matcher {
  readonly #names = new Map<string, NameIndex>();

  constructor(private readonly masterTenantUuid: string) {}

  add(subscription: Subscription): void {
    const key = this.#selectorOf(subscription);
    for (const name of new Set(subscription.events)) {
      let index = this.#names.get(name);
      if (index === undefined) this.#names.set(name, (index = { bySelector: new Map(), forUsers: 0 }));
      const list = index.bySelector.get(key);
      if (list === undefined) index.bySelector.set(key, [subscription]);
      else list.push(subscription);
      if (subscription.eventsUserUuid !== null) index.forUsers++;
    }
  }

  /** Takes out what was added, by identity. */
  remove(subscription: Subscription): void {
    const key = this.#selectorOf(subscription);
    for (const name of new Set(subscription.events)) {
      const index = this.#names.get(name);
      const list = index?.bySelector.get(key);
      const place = list?.indexOf(subscription) ?? -1;
      if (index === undefined || list === undefined || place < 0) continue;
      list.splice(place, 1);
      if (subscription.eventsUserUuid !== null) index.forUsers--;
      if (list.length === 0) index.bySelector.delete(key);
      if (index.bySelector.size === 0) this.#names.delete(name);
    }
  }

  /** Every subscription that wants the event, each once. */
  match({ name, originUuid, headers }: MatchableEvent): Subscription[] {
    const index = this.#names.get(name);
    if (index === undefined) return [];
    const matches: Subscription[] = [];
    const users = index.forUsers > 0 ? [any, ...usersOf(headers)] : [any];
    const tenant = Object.hasOwn(headers, 'tenant_uuid') ? headers['tenant_uuid'] : undefined;
    const tenants = typeof tenant === 'string' && tenant !== any ? [any, tenant] : [any];
    const origins = originUuid === null || originUuid === any ? [any] : [any, originUuid];
    for (const user of users) {
      for (const tenantUuid of tenants) {
        for (const origin of origins) {
          const list = index.bySelector.get(selector(user, tenantUuid, origin));
          for (const subscription of list ?? []) matches.push(subscription);
        }
      }
    }
    return matches;
  }

  #selectorOf({ eventsUserUuid, ownerTenantUuid, eventsWazoUuid }: Subscription): string {
    const tenant = ownerTenantUuid === this.masterTenantUuid ? any : ownerTenantUuid;
    return selector(eventsUserUuid ?? any, tenant, eventsWazoUuid ?? any);
  }
}

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
