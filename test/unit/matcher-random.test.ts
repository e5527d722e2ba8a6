import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BusEvent, Subscription } from '../../dist/model.js';
import { Matcher } from '../../dist/subscriptions/matcher.js';
import { masterTenant, sampleSubscription } from '../support/samples.ts';

const forEveryUser = 'global_voicemail_message_created';
const name = fc.constantFrom('a', 'b', 'c', '__proto__', forEveryUser);
const nameOrPattern = fc.oneof(name, fc.constantFrom('*', 'global_*'));
const user = fc.constantFrom('u1', 'u2', 'u11', '|');
const tenant = fc.constantFrom(masterTenant, 't1', 't2');
const origin = fc.constantFrom('o1', 'o2', '|o1');

const subscriptions = fc.array(
  fc.record({
    events: fc.array(nameOrPattern, { maxLength: 4 }),
    eventsUserUuid: fc.option(user),
    ownerTenantUuid: tenant,
    eventsWazoUuid: fc.option(origin),
  }),
  { maxLength: 30 },
);

const events = fc.array(
  fc.record({
    name,
    originUuid: fc.option(origin),
    users: fc.uniqueArray(fc.oneof(user, fc.constant('*'))),
    tenant: fc.option(tenant),
  }),
  { minLength: 1, maxLength: 20 },
);

const toEvent = ({
  users,
  tenant: tenantUuid,
  ...rest
}: {
  name: string;
  originUuid: string | null;
  users: string[];
  tenant: string | null;
}) => ({
  ...rest,
  headers: {
    ...Object.fromEntries(users.map((uuid) => [`user_uuid:${uuid}`, true])),
    ...(tenantUuid === null ? {} : { tenant_uuid: tenantUuid }),
  },
});

/** The rules, written down as one would read them aloud. */
function isWanted(
  subscription: Subscription,
  event: Pick<BusEvent, 'name' | 'originUuid' | 'headers'>,
): boolean {
  const { events: names, eventsUserUuid, eventsWazoUuid, ownerTenantUuid } = subscription;
  const isForEveryUser = event.name === forEveryUser;
  return (
    (names.includes(event.name) ||
      names.includes('*') ||
      (isForEveryUser && names.includes('global_*'))) &&
    (eventsUserUuid === null ||
      event.headers[`user_uuid:${eventsUserUuid}`] === true ||
      (isForEveryUser && event.headers['user_uuid:*'] === true)) &&
    (eventsWazoUuid === null || event.originUuid === eventsWazoUuid) &&
    (ownerTenantUuid === masterTenant || event.headers['tenant_uuid'] === ownerTenantUuid)
  );
}

test('the matcher finds exactly what the rules say, before and after subscriptions are removed', () => {
  fc.assert(
    fc.property(subscriptions, events, fc.array(fc.nat({ max: 29 })), (wishes, drawn, removals) => {
      const present = new Set(wishes.map((wish) => sampleSubscription(wish)));
      const all = [...present];
      const matcher = new Matcher({ uuid: masterTenant });
      for (const subscription of all) matcher.add(subscription);
      const check = () => {
        for (const event of drawn.map(toEvent)) {
          const found = matcher.match(event);
          const expected = [...present].filter((subscription) => isWanted(subscription, event));
          expect(found).toHaveLength(expected.length);
          expect(new Set(found)).toEqual(new Set(expected));
        }
      };
      check();
      for (const place of removals) {
        const subscription = all[place];
        if (subscription === undefined) continue;
        matcher.remove(subscription);
        present.delete(subscription);
      }
      check();
    }),
    { numRuns: 300 },
  );
});
