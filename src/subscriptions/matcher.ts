/**
 * Finds the subscriptions that want an event, at a cost that does not grow with their number.
 *
 * A subscription names events, belongs to a tenant, and may ask for one user and one server. Each of
 * these is either a value or "any", so that an event can be looked up under the few combinations of its
 * own values and "any", its own tenant and the master tenant: no scan, and no special cases.
 */
import type { BusEvent, Subscription } from '../model.ts';
import { isPattern, type NameTest, patternTest } from './patterns.ts';

const any = '';

/** As its owner: the events of every tenant are for it, as for the master tenant's. */
export const everyTenant = '*';

/** The part of an event that decides who wants it. */
export type MatchableEvent = Pick<BusEvent, 'name' | 'originUuid' | 'headers'>;

/**
 * By tenant, then by server, then by user. Maps in maps: a key of all three would have to be put together for
 * every look-up, which costs more than the look-up.
 */
type Selected = Map<string, Map<string, Map<string, Subscription[]>>>;

/** Subscriptions to one event name. */
interface NameIndex {
  byTenant: Selected;
  /** How many ask for one user or server: what nobody asks for need not be looked at. */
  forUsers: number;
  forOrigins: number;
  /** How many belong to {@link everyTenant}. */
  forEveryTenant: number;
}

/** What a subscription asks for; user and origin are a value or {@link any}. */
interface Selector {
  user: string;
  tenant: string;
  origin: string;
}

/** One more, or one fewer, that asks for what the selector names. */
function count(index: NameIndex, { user, tenant, origin }: Selector, change: 1 | -1): void {
  if (user !== any) index.forUsers += change;
  if (origin !== any) index.forOrigins += change;
  if (tenant === everyTenant) index.forEveryTenant += change;
}

const userHeader = 'user_uuid:';

/** In a header `user_uuid:*`: all users of the tenant. */
const everyUser = '*';

/** Events that concern every user of a tenant without naming one. */
const namesForEveryUser: ReadonlySet<string> = new Set(['global_voicemail_message_created']);

/** Whether a name, or a pattern of names, takes in an event that may be for every user. */
const takesInEveryUser = (name: string): boolean =>
  isPattern(name)
    ? [...namesForEveryUser].some((one) => patternTest(name).test(one))
    : namesForEveryUser.has(name);

/** Under which users a subscription to an event is found: its own, and with all others where an event is for all. */
const usersToIndex = (name: string, user: string): readonly string[] =>
  user !== any && takesInEveryUser(name) ? [user, everyUser] : [user];

/** For so many names is remembered which patterns fit. */
const rememberedNames = 10_000;

/** Longest name that is remembered, characters: publishers may send names as large as a message. */
const longestRemembered = 255;

export class Matcher {
  /** By event name, or by pattern of names. */
  readonly #names = new Map<string, NameIndex>();
  readonly #patterns = new Map<string, NameTest>();
  /** The patterns that fit a name, found out once. */
  readonly #fitting = new Map<string, readonly string[]>();

  /** @param masterTenant the tenant whose subscriptions see the events of all; it may be found out later */
  constructor(private readonly masterTenant: { readonly uuid: string | undefined }) {}

  add(subscription: Subscription): void {
    const selector = selectorOf(subscription);
    for (const name of new Set(subscription.events)) {
      let index = this.#names.get(name);
      if (index === undefined) {
        index = { byTenant: new Map(), forUsers: 0, forOrigins: 0, forEveryTenant: 0 };
        this.#names.set(name, index);
        if (isPattern(name)) this.#setPattern(name, patternTest(name));
      }
      for (const user of usersToIndex(name, selector.user))
        putIn(index.byTenant, { ...selector, user }, subscription);
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
      for (const user of usersToIndex(name, selector.user))
        wasThere = takeOut(index.byTenant, { ...selector, user }, subscription) || wasThere;
      if (wasThere) count(index, selector, -1);
      if (index.byTenant.size > 0) continue;
      this.#names.delete(name);
      if (isPattern(name)) this.#setPattern(name, undefined);
    }
  }

  /** Every subscription that wants the event, each once. */
  match(event: MatchableEvent): Subscription[] {
    const index = this.#names.get(event.name);
    const named = index === undefined ? [] : this.#matchIn(index, event);
    if (this.#patterns.size === 0) return named;
    const all = new Set(named);
    for (const pattern of this.#patternsFor(event.name)) {
      const patternIndex = this.#names.get(pattern);
      if (patternIndex === undefined || pattern === event.name) continue;
      for (const subscription of this.#matchIn(patternIndex, event)) all.add(subscription);
    }
    return [...all];
  }

  #setPattern(pattern: string, test: NameTest | undefined): void {
    if (test === undefined) this.#patterns.delete(pattern);
    else this.#patterns.set(pattern, test);
    this.#fitting.clear();
  }

  #patternsFor(name: string): readonly string[] {
    const known = this.#fitting.get(name);
    if (known !== undefined) return known;
    const fitting = [...this.#patterns]
      .filter(([, test]) => test.test(name))
      .map(([pattern]) => pattern);
    if (name.length > longestRemembered) return fitting;
    if (this.#fitting.size >= rememberedNames) this.#fitting.clear();
    this.#fitting.set(name, fitting);
    return fitting;
  }

  #matchIn(index: NameIndex, { name, originUuid, headers }: MatchableEvent): Subscription[] {
    const matches: Subscription[] = [];
    const users = index.forUsers > 0 ? [any, ...usersOf(name, headers)] : anyAlone;
    const tenants = this.#tenantsOf(headers, index.forEveryTenant > 0);
    const origins = index.forOrigins > 0 ? orAny(originUuid) : anyAlone;
    for (const tenant of tenants) {
      const byOrigin = index.byTenant.get(tenant);
      if (byOrigin === undefined) continue;
      for (const origin of origins) {
        const byUser = byOrigin.get(origin);
        if (byUser === undefined) continue;
        for (const user of users) {
          const list = byUser.get(user);
          if (list !== undefined) for (const subscription of list) matches.push(subscription);
        }
      }
    }
    return matches;
  }

  /** The tenants whose subscriptions may see an event. */
  #tenantsOf(headers: BusEvent['headers'], hasForAll: boolean): readonly string[] {
    const master = this.masterTenant.uuid;
    const own = ownValue(headers, 'tenant_uuid');
    const tenants = master === undefined ? [] : [master];
    if (typeof own === 'string' && own !== master && own !== everyTenant) tenants.push(own);
    if (hasForAll) tenants.push(everyTenant);
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

function putIn(
  byTenant: Selected,
  { tenant, origin, user }: Selector,
  subscription: Subscription,
): void {
  const byUser = inner(inner(byTenant, tenant), origin);
  const list = byUser.get(user);
  if (list === undefined) byUser.set(user, [subscription]);
  else list.push(subscription);
}

/** The map behind a key, made if there is none. */
function inner<T>(outer: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let found = outer.get(key);
  if (found === undefined) outer.set(key, (found = new Map<string, T>()));
  return found;
}

/** Whether it was there. What is empty then goes too. */
function takeOut(
  byTenant: Selected,
  { tenant, origin, user }: Selector,
  subscription: Subscription,
): boolean {
  const byOrigin = byTenant.get(tenant);
  const byUser = byOrigin?.get(origin);
  const list = byUser?.get(user);
  const place = list?.indexOf(subscription) ?? -1;
  if (list === undefined || place < 0) return false;
  list.splice(place, 1);
  if (list.length === 0) byUser?.delete(user);
  if (byUser?.size === 0) byOrigin?.delete(origin);
  if (byOrigin?.size === 0) byTenant.delete(tenant);
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
    if (!key.startsWith(userHeader) || headers[key] !== true) continue;
    const user = key.slice(userHeader.length);
    // Neither is a user, and subscriptions are found under both.
    if (user !== any && user !== everyUser) users.push(user);
  }
  return users;
}
