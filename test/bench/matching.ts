/** The cost of finding 10 subscriptions among 10, 1,000 and 100,000. */
import { randomUUID } from 'node:crypto';
import { Matcher } from '#dist/subscriptions/matcher.js';
import type { Subscription } from '#dist/model.js';
import { round } from './statistics.ts';

const master = randomUUID();

function subscriptionTo(event: string, user: string | null, tenant: string): Subscription {
  return {
    uuid: randomUUID(),
    name: 'x',
    service: 'http',
    config: {},
    events: [event],
    eventsUserUuid: user,
    eventsWazoUuid: null,
    ownerUserUuid: null,
    ownerTenantUuid: tenant,
    metadata: {},
    filter: null,
    delivery: {},
    disabled: null,
  };
}

export function matching(): {
  subscriptions: number;
  matches: number;
  microsecondsPerEvent: number;
}[] {
  return [10, 1_000, 100_000].map((count) => {
    const matcher = new Matcher({ uuid: master });
    const user = randomUUID();
    const tenant = randomUUID();
    for (let n = 0; n < 10; n++)
      matcher.add(subscriptionTo('call_created', n % 2 === 0 ? user : null, tenant));
    for (let n = 10; n < count; n++)
      matcher.add(
        subscriptionTo(
          n % 2 === 0 ? 'call_created' : `event_${n % 400}`,
          randomUUID(),
          randomUUID(),
        ),
      );
    const event = {
      name: 'call_created',
      originUuid: 'server',
      headers: { tenant_uuid: tenant, [`user_uuid:${user}`]: true },
    };
    const loops = 200_000;
    for (let n = 0; n < loops / 10; n++) matcher.match(event);
    const began = performance.now();
    let matches = 0;
    for (let n = 0; n < loops; n++) matches += matcher.match(event).length;
    return {
      subscriptions: count,
      matches: matches / loops,
      microsecondsPerEvent: round(((performance.now() - began) * 1000) / loops, 2),
    };
  });
}
