/** Subscriptions that end at the same time, for more than one reason. */
import { expect, test } from 'vitest';
import { MasterTenant } from '../../dist/auth/master-tenant.js';
import { OwnerEnds } from '../../dist/deliveries/owner-ends.js';
import type { Subscription } from '../../dist/model.js';
import { Matcher } from '../../dist/subscriptions/matcher.js';
import { SubscriptionService } from '../../dist/subscriptions/service.js';
import { readableLog } from '../support/logs.ts';
import { masterTenant, otherTenant, sampleSubscription } from '../support/samples.ts';
import { until } from '../support/wait.ts';

/** The subscriptions of a tenant, on a disk that deletes one when the test says so. */
async function setUp(...kept: Partial<Subscription>[]) {
  const onDisk: (() => void)[] = [];
  const { log, lines } = readableLog();
  const service = new SubscriptionService({
    store: {
      subscriptions: () =>
        Promise.resolve(
          kept.map((more) => sampleSubscription({ ownerTenantUuid: otherTenant, ...more })),
        ),
      putSubscription: () => Promise.resolve(),
      deleteSubscription: () => new Promise((resolve) => onDisk.push(resolve)),
    },
    matcher: new Matcher(new MasterTenant(masterTenant)),
    bindings: {
      want: () => Promise.resolve(),
      release: () => Promise.resolve(),
      problemOf: () => undefined,
    },
    checkConfig: () => [],
    onChange: () => undefined,
    announcementOf: () => '',
    announce: () => undefined,
  });
  await service.load();
  /** The deletion that is on its way ends, and all that come after it. */
  const deleteOnDisk = async (work: Promise<unknown>) => {
    let isDone = false;
    const end = () => void (isDone = true);
    work.then(end, end);
    await until('all is deleted', () => {
      for (const resolve of onDisk.splice(0)) resolve();
      return isDone;
    });
    return work;
  };
  const begun = () => until('a deletion has begun', () => onDisk.length > 0);
  return { service, ends: new OwnerEnds(service, log), lines, begun, deleteOnDisk };
}

const deletedIn = (lines: { [key: string]: unknown }[]) =>
  lines.map(({ event, subscriptions }) => [event, subscriptions]);

test('a user and the tenant at once: nothing of either is left when the events may be acked', async () => {
  const { service, ends, lines, begun, deleteOnDisk } = await setUp(
    { uuid: 'a', ownerUserUuid: 'u' },
    { uuid: 'b' },
    { uuid: 'c' },
  );
  const user = ends.follow({ name: 'user_deleted', data: { uuid: 'u' } });
  await begun();
  const tenant = ends.follow({ name: 'auth_tenant_deleted', data: { uuid: otherTenant } });
  await deleteOnDisk(Promise.all([user, tenant]));
  expect(service.list()).toEqual([]);
  expect(deletedIn(lines)).toEqual([
    ['user_deleted', ['a']],
    ['auth_tenant_deleted', ['b', 'c']],
  ]);
});

test('one that was given to somebody else meanwhile is left', async () => {
  const { service, begun, deleteOnDisk } = await setUp(
    { uuid: 'a', ownerUserUuid: 'u' },
    { uuid: 'b', ownerUserUuid: 'u' },
  );
  const deleted = service.deleteAll(({ ownerUserUuid }) => ownerUserUuid === 'u');
  await begun();
  const given = service.put(
    sampleSubscription({ uuid: 'b', ownerTenantUuid: otherTenant, ownerUserUuid: 'v' }),
  );
  await deleteOnDisk(Promise.all([deleted, given]));
  expect((await deleted).map(({ uuid }) => uuid)).toEqual(['a']);
  expect(service.list()).toMatchObject([{ uuid: 'b', ownerUserUuid: 'v' }]);
});
