import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { Inbox } from '../support/inbox.ts';
import { about, listen } from '../support/listener.ts';
import { TestPublisher } from '../support/publisher.ts';
import { until } from '../support/wait.ts';
import { useWazoScene } from '../support/wazo-scene.ts';
import { ownDefaults, sampleInput } from '../support/samples.ts';

const scene = useWazoScene();

interface Subscription {
  uuid: string;
  owner_user_uuid: string | null;
}

let tenant = '';
let token = '';
let publisher: TestPublisher;

beforeAll(async () => {
  const { auth, brokerUrl } = scene();
  tenant = auth.addTenant();
  token = auth.addToken({ tenantUuid: tenant });
  publisher = await TestPublisher.open(brokerUrl);
  return () => publisher.close();
});

const call = <T = Subscription>(method: string, path: string, body?: unknown, as = token) =>
  scene().daemon.call<T>(method, path, body, { 'x-auth-token': as });

async function subscribe(more: object = {}, as = token): Promise<string> {
  const { status, body } = await call('POST', '/subscriptions', sampleInput(more), as);
  expect(status).toBe(201);
  return body.uuid;
}

async function openInbox(): Promise<Inbox> {
  const inbox = await Inbox.open();
  onTestFinished(() => inbox.close());
  return inbox;
}

const isThere = async (uuid: string) =>
  (await call('GET', `/subscriptions/${uuid}`)).status === 200;

describe('the bus is told of subscriptions', () => {
  test('of a tenant’s: created, updated, deleted, to all of the tenant', async () => {
    const heard = await listen(scene().brokerUrl);
    const uuid = await subscribe({ metadata: { a: '1' } });
    await call('PUT', `/subscriptions/${uuid}`, sampleInput({ name: 'new' }));
    await call('DELETE', `/subscriptions/${uuid}`);
    const events = await about(heard, uuid, 3);
    expect(events.map(({ body }) => body.name)).toEqual([
      'webhookd_subscription_created',
      'webhookd_subscription_updated',
      'webhookd_subscription_deleted',
    ]);
    for (const { body, headers } of events) {
      expect(headers).toMatchObject({
        name: body.name,
        tenant_uuid: tenant,
        origin_uuid: body.origin_uuid,
        'user_uuid:*': true,
      });
      expect(Date.parse(String(headers['timestamp']))).not.toBeNaN();
    }
    expect(events[0]?.body.data).toEqual({
      ...sampleInput({ uuid, metadata: { a: '1' }, owner_tenant_uuid: tenant }),
      ...ownDefaults,
      events_user_uuid: null,
      events_wazo_uuid: null,
      owner_user_uuid: null,
    });
    expect(events[1]?.body.data).toMatchObject({ name: 'new', metadata: {} });
  });

  test('of a user’s: to that user alone, with the fields a user sees', async () => {
    const heard = await listen(scene().brokerUrl);
    const userUuid = randomUUID();
    const users = scene().auth.addToken({ tenantUuid: tenant, userUuid });
    const path = '/users/me/subscriptions';
    const { uuid } = (await call('POST', path, sampleInput(), users)).body;
    await call('PUT', `${path}/${uuid}`, sampleInput({ name: 'new' }), users);
    await call('DELETE', `${path}/${uuid}`, undefined, users);
    const events = await about(heard, uuid, 3);
    expect(events.map(({ body }) => body.name)).toEqual([
      'webhookd_user_subscription_created',
      'webhookd_user_subscription_updated',
      'webhookd_user_subscription_deleted',
    ]);
    for (const { headers } of events) {
      expect(headers).toMatchObject({ tenant_uuid: tenant, [`user_uuid:${userUuid}`]: true });
      expect(headers).not.toHaveProperty('user_uuid:*');
    }
    expect(events[0]?.body.data).toEqual({
      ...sampleInput({ uuid, metadata: {} }),
      ...ownDefaults,
    });
  });
});

describe('events reach', () => {
  test('the subscriptions of their tenant and of the master tenant, and of no other', async () => {
    const { auth } = scene();
    const [own, master, other] = [await openInbox(), await openInbox(), await openInbox()];
    const events = [`tenants_${randomUUID()}`];
    const to = (inbox: Inbox) => ({ events, config: { url: inbox.url, method: 'post' } });
    await subscribe(to(own));
    await subscribe(to(master), auth.addToken());
    await subscribe(to(other), auth.addToken({ tenantUuid: auth.addTenant() }));
    const [name = ''] = events;
    await publisher.publish(
      { name, data: { id: 1 }, headers: { tenant_uuid: tenant } },
      { name, data: { id: 2 } },
    );
    await master.received(2);
    await own.received(1);
    expect(own.requests.map(({ body }) => body)).toEqual(['{"id":1}']);
    expect(other.requests).toEqual([]);
  });

  test('every user of the tenant, for a voicemail message of all; other events do not', async () => {
    const { auth } = scene();
    const [inbox, stranger] = [await openInbox(), await openInbox()];
    const events = ['global_voicemail_message_created', 'user_voicemail_message_created'];
    const ofUser = ({ url }: Inbox, as: string) =>
      subscribe({ events, events_user_uuid: randomUUID(), config: { url, method: 'post' } }, as);
    await ofUser(inbox, token);
    await ofUser(inbox, token);
    await ofUser(stranger, auth.addToken({ tenantUuid: auth.addTenant() }));
    const last = await subscribe({ events, config: { url: inbox.url, method: 'post' } });
    const headers = { tenant_uuid: tenant, 'user_uuid:*': true };
    const [all = '', one = ''] = events;
    await publisher.publish({ name: one, data: { to: 'one' }, headers });
    await publisher.publish({ name: all, data: { to: 'all' }, headers });
    await inbox.received(4);
    const bodies = inbox.requests.map(({ body }) => body);
    expect(bodies.filter((body) => body === '{"to":"all"}')).toHaveLength(3);
    expect(bodies.filter((body) => body === '{"to":"one"}')).toHaveLength(1);
    expect(stranger.requests).toEqual([]);
    await call('DELETE', `/subscriptions/${last}`);
  });
});

describe('subscriptions end with their owners', () => {
  test('with a user: those the user owns and those that listen to the user', async () => {
    const userUuid = randomUUID();
    const owned = await subscribe({ owner_user_uuid: userUuid });
    const listening = await subscribe({ events_user_uuid: userUuid });
    const another = await subscribe({ owner_user_uuid: randomUUID() });
    await publisher.publish({ name: 'user_deleted', data: { uuid: userUuid } });
    await until(
      'both are gone',
      async () => !(await isThere(owned)) && !(await isThere(listening)),
    );
    expect(await isThere(another)).toBe(true);
  });

  test('with a tenant: all of the tenant', async () => {
    const { auth } = scene();
    const child = auth.addTenant(tenant);
    const gone = await subscribe({}, auth.addToken({ tenantUuid: child }));
    const stays = await subscribe();
    await publisher.publish({ name: 'auth_tenant_deleted', data: { uuid: child } });
    await until('it is gone', async () => !(await isThere(gone)));
    expect(await isThere(stays)).toBe(true);
  });

  test.each([null, {}, [], { uuid: 7 }, { uuid: null }])(
    'an event with %j says nobody is gone',
    async (data) => {
      const stays = await subscribe({ owner_user_uuid: null });
      const ends = await subscribe({ owner_user_uuid: randomUUID() });
      await publisher.publish({ name: 'user_deleted', data });
      const { owner_user_uuid: last } = (await call('GET', `/subscriptions/${ends}`)).body;
      await publisher.publish({ name: 'user_deleted', data: { uuid: last } });
      await until('the event after it has had its effect', async () => !(await isThere(ends)));
      expect(await isThere(stays)).toBe(true);
    },
  );
});

describe('webhookd sync', () => {
  const sync = (...args: string[]) =>
    runCli(['sync', '--config', scene().daemon.configFile, ...args]);

  test('deletes what belongs to users and tenants that wazo-auth no longer knows', async () => {
    const { auth, daemon } = scene();
    const [user, gone] = [randomUUID(), randomUUID()];
    for (const uuid of [user, randomUUID(), randomUUID()]) auth.users.add(uuid);
    const child = auth.addTenant(tenant);
    const stays = [await subscribe(), await subscribe({ owner_user_uuid: user })];
    const orphans = [
      await subscribe({ owner_user_uuid: gone }),
      await subscribe({}, auth.addToken({ tenantUuid: child })),
    ];
    auth.tenants.delete(child);
    const isKept = async (uuid: string) =>
      (await daemon.call('GET', `/subscriptions/${uuid}`)).status === 200;

    const trial = await sync('--dry-run');
    expect(trial).toMatchObject({ status: 0, stderr: '' });
    for (const uuid of orphans) {
      expect(trial.stdout).toContain(uuid);
      expect(await isKept(uuid)).toBe(true);
    }
    for (const uuid of stays) expect(trial.stdout).not.toContain(uuid);

    const { status, stdout } = await sync();
    expect(status).toBe(0);
    expect(stdout).toMatch(/\n\d+ deleted\n$/);
    for (const uuid of orphans) expect(await isKept(uuid)).toBe(false);
    for (const uuid of stays) expect(await isKept(uuid)).toBe(true);
    expect((await sync()).stdout).toBe('0 deleted\n');
  });

  test('keeps what belongs to somebody who was made while wazo-auth was asked', async () => {
    const { auth } = scene();
    const made: string[] = [];
    auth.onListed = async (kind) => {
      const [user, child] = [randomUUID(), auth.addTenant(tenant)];
      const own = auth.addToken({ tenantUuid: child });
      auth.users.add(user);
      made.push(await subscribe({ owner_user_uuid: user }));
      if (kind === 'users') made.push(await subscribe({}, own));
    };
    onTestFinished(() => void (auth.onListed = undefined));
    expect((await sync()).status).toBe(0);
    expect(made).toHaveLength(3);
    for (const uuid of made)
      expect((await scene().daemon.call('GET', `/subscriptions/${uuid}`)).status).toBe(200);
  });

  test('keeps what belongs to everybody else when a user is deleted while wazo-auth is asked', async () => {
    const { auth } = scene();
    for (let count = 0; count < 5; count++) auth.users.add(randomUUID());
    const [first = '', ...others] = auth.users;
    const stays = await Promise.all(others.map((user) => subscribe({ owner_user_uuid: user })));
    auth.onListed = (kind) => {
      if (kind === 'users') auth.users.delete(first);
    };
    onTestFinished(() => void (auth.onListed = undefined));
    expect((await sync()).status).toBe(0);
    expect(auth.users.has(first)).toBe(false);
    for (const uuid of stays) expect(await isThere(uuid)).toBe(true);
  });

  test('deletes nothing when wazo-auth does not answer, or not in a way that makes sense', async () => {
    const { auth } = scene();
    const orphan = await subscribe({ owner_user_uuid: randomUUID() });
    auth.brokenStatus = 500;
    const unreachable = await sync();
    auth.brokenStatus = undefined;
    expect(unreachable).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('500') as string,
    });
    auth.tenants.delete(auth.masterTenant);
    const senseless = await sync();
    auth.tenants.set(auth.masterTenant, null);
    expect(senseless).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Nothing was deleted') as string,
    });
    expect(await isThere(orphan)).toBe(true);
  });
});
