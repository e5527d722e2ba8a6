import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Subscription } from '../../dist/model.js';
import { Matcher } from '../../dist/subscriptions/matcher.js';
import { masterTenant, otherTenant, sampleSubscription } from '../support/samples.ts';

const user = '22222222-2222-4222-8222-222222222222';
const otherUser = '33333333-3333-4333-8333-333333333333';

/** Does the one subscription want the event? */
function wants(
  subscription: Partial<Subscription>,
  event: { name?: string; originUuid?: string | null; headers?: Subscription['config'] },
): boolean {
  const matcher = new Matcher({ uuid: masterTenant });
  const added = sampleSubscription(subscription);
  matcher.add(added);
  const matches = matcher.match({ name: 'call_created', originUuid: null, headers: {}, ...event });
  expect(matches.length).toBeLessThan(2);
  return matches[0] === added;
}

describe('by name', () => {
  test('an event of a name in the list is wanted, another is not', () => {
    const subscription = { events: ['call_created', 'call_ended'] };
    expect(wants(subscription, { name: 'call_ended' })).toBe(true);
    expect(wants(subscription, { name: 'call_answered' })).toBe(false);
    expect(wants(subscription, { name: 'call_' })).toBe(false);
  });

  test('a star stands for any characters, and nothing else is special', () => {
    expect(wants({ events: ['call_*'] }, { name: 'call_created' })).toBe(true);
    expect(wants({ events: ['*'] }, { name: 'anything' })).toBe(true);
    expect(wants({ events: ['*_cre*ed'] }, { name: 'call_created' })).toBe(true);
    expect(wants({ events: ['call_*_ended', 'ca*ca*'] }, { name: 'call_ended' })).toBe(false);
    expect(wants({ events: ['call_*'] }, { name: 'a_call_created' })).toBe(false);
    expect(
      wants({ events: ['#', '.*', 'call.created', '[a-z_]+'] }, { name: 'call_created' }),
    ).toBe(false);
  });

  test('a subscription that wants an event by name and by pattern gets it once', () => {
    expect(wants({ events: ['call_*', 'call_created', '*'] }, {})).toBe(true);
  });

  test('many stars and a long name take no time to speak of', () => {
    const pattern = `${'*a'.repeat(60)}*b`;
    expect(wants({ events: [pattern] }, { name: 'a'.repeat(10_000) })).toBe(false);
  });

  test('long names are matched, and not remembered', () => {
    const matcher = new Matcher({ uuid: masterTenant });
    const subscription = sampleSubscription({ events: ['call_*'] });
    matcher.add(subscription);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < 1_000; number++) {
      const name = `call_${number}${'x'.repeat(100_000)}`;
      expect(matcher.match({ name, originUuid: null, headers: {} })).toEqual([subscription]);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
  });

  test('a name given twice counts once', () => {
    expect(wants({ events: ['call_created', 'call_created'] }, {})).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', '😀', 'a|b||'])(
    'the name %j is like any other',
    (name) => {
      expect(wants({ events: ['other'] }, { name })).toBe(false);
      expect(wants({ events: [name] }, { name })).toBe(true);
    },
  );
});

describe('by user', () => {
  test('an event with the user’s header set to true is wanted', () => {
    expect(wants({ eventsUserUuid: user }, { headers: { [`user_uuid:${user}`]: true } })).toBe(
      true,
    );
  });

  test.each([
    ['of another user', { [`user_uuid:${otherUser}`]: true }],
    ['of nobody', {}],
    ['that says false', { [`user_uuid:${user}`]: false }],
    ['that says true as text', { [`user_uuid:${user}`]: 'true' }],
    ['with the uuid as a value', { user_uuid: user }],
    ['of a uuid that begins alike', { [`user_uuid:${user}0`]: true }],
    ['of a prefix of the uuid', { [`user_uuid:${user.slice(0, -1)}`]: true }],
  ])('an event %s is not', (_what, headers) => {
    expect(wants({ eventsUserUuid: user }, { headers })).toBe(false);
  });

  test('an event of several users is wanted by each of them, and by those who ask for no user', () => {
    const headers = { [`user_uuid:${user}`]: true, [`user_uuid:${otherUser}`]: true };
    expect(wants({ eventsUserUuid: user }, { headers })).toBe(true);
    expect(wants({ eventsUserUuid: otherUser }, { headers })).toBe(true);
    expect(wants({}, { headers })).toBe(true);
  });

  test('the header for all users is for no user in particular', () => {
    expect(
      wants({ eventsUserUuid: user }, { headers: { 'user_uuid:*': true, 'user_uuid:': true } }),
    ).toBe(false);
  });
});

describe('by tenant', () => {
  test('a tenant gets its own events, and those of no tenant do not count as its own', () => {
    const subscription = { ownerTenantUuid: otherTenant };
    expect(wants(subscription, { headers: { tenant_uuid: otherTenant } })).toBe(true);
    expect(wants(subscription, { headers: { tenant_uuid: masterTenant } })).toBe(false);
    expect(wants(subscription, { headers: {} })).toBe(false);
    expect(wants(subscription, { headers: { tenant_uuid: 5 } })).toBe(false);
    expect(wants(subscription, { headers: { tenant_uuid: '' } })).toBe(false);
  });

  test('the master tenant gets the events of all', () => {
    for (const headers of [
      {},
      { tenant_uuid: otherTenant },
      { tenant_uuid: masterTenant },
      { tenant_uuid: '' },
    ]) {
      expect(wants({ ownerTenantUuid: masterTenant }, { headers })).toBe(true);
    }
  });

  test('a user of another tenant is not reached', () => {
    const subscription = { ownerTenantUuid: otherTenant, eventsUserUuid: user };
    const headers = { [`user_uuid:${user}`]: true };
    expect(wants(subscription, { headers: { ...headers, tenant_uuid: masterTenant } })).toBe(false);
    expect(wants(subscription, { headers: { ...headers, tenant_uuid: otherTenant } })).toBe(true);
  });
});

describe('by server', () => {
  test('an event of the server is wanted, of another or of none it is not', () => {
    expect(wants({ eventsWazoUuid: 'here' }, { originUuid: 'here' })).toBe(true);
    expect(wants({ eventsWazoUuid: 'here' }, { originUuid: 'there' })).toBe(false);
    expect(wants({ eventsWazoUuid: 'here' }, { originUuid: null })).toBe(false);
    expect(wants({}, { originUuid: 'there' })).toBe(true);
  });
});

describe('hostile values', () => {
  test('what looks like several values put together matches nobody', () => {
    const matcher = new Matcher({ uuid: masterTenant });
    matcher.add(
      sampleSubscription({ eventsUserUuid: 'u', ownerTenantUuid: 't', eventsWazoUuid: 'o' }),
    );
    const match = (headers: Subscription['config'], originUuid: string | null) =>
      matcher.match({ name: 'call_created', originUuid, headers });
    expect(match({ 'user_uuid:u|t|o': true }, null)).toEqual([]);
    expect(match({ 'user_uuid:u': true, tenant_uuid: 't|o' }, null)).toEqual([]);
    expect(match({ 'user_uuid:u|t': true }, 'o')).toEqual([]);
  });

  test('headers named like properties of objects do nothing', () => {
    expect(
      wants(
        { ownerTenantUuid: otherTenant },
        { headers: Object.create({ tenant_uuid: otherTenant }) as Subscription['config'] },
      ),
    ).toBe(false);
  });
});

describe('many subscriptions', () => {
  test('are found each once, and not any more when removed', () => {
    const matcher = new Matcher({ uuid: masterTenant });
    const three = [
      sampleSubscription(),
      sampleSubscription(),
      sampleSubscription({ events: ['call_ended', 'call_created'] }),
    ];
    three.forEach((subscription) => matcher.add(subscription));
    const found = (name: string) => matcher.match({ name, originUuid: 'x', headers: {} });
    expect(found('call_created')).toEqual(three);
    const [first, , third] = three;
    if (first === undefined || third === undefined) throw new Error('there are three');
    matcher.remove(third);
    expect(found('call_ended')).toEqual([]);
    matcher.remove(first);
    matcher.remove(first);
    expect(found('call_created')).toEqual([three[1]]);
  });

  test('removing one that was never added changes nothing', () => {
    const matcher = new Matcher({ uuid: masterTenant });
    const kept = sampleSubscription({ eventsUserUuid: user });
    matcher.add(kept);
    matcher.remove({ ...kept });
    expect(
      matcher.match({
        name: 'call_created',
        originUuid: null,
        headers: { [`user_uuid:${user}`]: true },
      }),
    ).toEqual([kept]);
  });
});

describe('events for every user', () => {
  const name = 'global_voicemail_message_created';
  const all = { 'user_uuid:*': true };

  test('a voicemail message of all is wanted by every user of the tenant, once', () => {
    const subscription = { events: [name], eventsUserUuid: user, ownerTenantUuid: otherTenant };
    expect(wants(subscription, { name, headers: { ...all, tenant_uuid: otherTenant } })).toBe(true);
    expect(wants(subscription, { name, headers: { ...all, tenant_uuid: 'another' } })).toBe(false);
    const both = { ...all, [`user_uuid:${user}`]: true, tenant_uuid: otherTenant };
    expect(wants(subscription, { name, headers: both })).toBe(true);
  });

  test.each(['*', 'global_*', '*_voicemail_message_*'])(
    'by who subscribes to %s as well',
    (pattern) => {
      const subscription = {
        events: [pattern],
        eventsUserUuid: user,
        ownerTenantUuid: otherTenant,
      };
      expect(wants(subscription, { name, headers: { ...all, tenant_uuid: otherTenant } })).toBe(
        true,
      );
      expect(wants(subscription, { name, headers: { ...all, tenant_uuid: 'another' } })).toBe(
        false,
      );
      const both = { ...all, [`user_uuid:${user}`]: true, tenant_uuid: otherTenant };
      expect(wants({ ...subscription, events: [pattern, name] }, { name, headers: both })).toBe(
        true,
      );
    },
  );

  test.each(['call_created', '*', '*c*'])(
    'by no one with another name, or without the header: %s',
    (other) => {
      const subscription = { events: [name, other], eventsUserUuid: user };
      expect(wants(subscription, { headers: all })).toBe(false);
      expect(wants(subscription, { name, headers: {} })).toBe(false);
      expect(wants(subscription, { name, headers: { 'user_uuid:*': 'true' } })).toBe(false);
    },
  );

  test.each([name, 'global_*'])(
    'and is no longer wanted once the subscription to %s is removed',
    (events) => {
      const matcher = new Matcher({ uuid: masterTenant });
      const subscription = sampleSubscription({ events: [events], eventsUserUuid: user });
      matcher.add(subscription);
      matcher.remove(subscription);
      expect(matcher.match({ name, originUuid: null, headers: all })).toEqual([]);
    },
  );
});

describe('while the master tenant is not known', () => {
  test('its subscriptions are found once it is, without being added again', () => {
    const master: { uuid: string | undefined } = { uuid: undefined };
    const matcher = new Matcher(master);
    const subscription = sampleSubscription({ ownerTenantUuid: masterTenant });
    matcher.add(subscription);
    const event = { name: 'call_created', originUuid: null, headers: { tenant_uuid: 'a' } };
    expect(matcher.match(event)).toEqual([]);
    master.uuid = masterTenant;
    expect(matcher.match(event)).toEqual([subscription]);
  });
});
