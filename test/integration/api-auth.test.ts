import { statSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { otherTenant } from '../support/samples.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();
const thirdTenant = '99999999-9999-4999-8999-999999999999';

const subscription = {
  name: 'mine',
  service: 'http',
  events: ['call_created'],
  config: { url: 'http://127.0.0.1:9/' },
};

interface Token {
  uuid: string;
  token: string;
  tenant_uuid: string;
}

async function makeToken(tenant?: string): Promise<Token> {
  const { status, body } = await scene().daemon.call<Token>('POST', '/tokens', {
    name: 'a token',
    ...(tenant === undefined ? {} : { tenant_uuid: tenant }),
  });
  expect(status).toBe(201);
  return body;
}

/** Calls with a token. */
const as =
  ({ token }: Pick<Token, 'token'>) =>
  <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
    scene().daemon.call<T>(method, path, body, { 'x-auth-token': token });

describe('a request without a valid token is answered 401', () => {
  const headers: [string, Record<string, string>][] = [
    ['no token', {}],
    ['a wrong token', { 'x-auth-token': 'whd_wrong' }],
    ['an empty token', { 'x-auth-token': '' }],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a wrong bearer', { authorization: 'Bearer wrong' }],
  ];
  const routes: [string, string][] = [
    ['GET', '/subscriptions'],
    ['POST', '/subscriptions'],
    ['GET', '/subscriptions/x'],
    ['PUT', '/subscriptions/x'],
    ['DELETE', '/subscriptions/x'],
    ['GET', '/subscriptions/x/logs'],
    ['GET', '/subscriptions/services'],
    ['GET', '/status'],
    ['GET', '/tokens'],
    ['POST', '/tokens'],
    ['DELETE', '/tokens/x'],
  ];

  test.each(headers)('%s', async (_what, sent) => {
    expect(await scene().daemon.call('GET', '/subscriptions', undefined, sent)).toMatchObject({
      status: 401,
      body: { error_id: 'unauthorized' },
    });
  });

  test.each(routes)('%s %s', async (method, path) => {
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    expect((await scene().daemon.call(method, path, body, {})).status).toBe(401);
  });
});

describe('a token', () => {
  test('is sent as X-Auth-Token or as bearer', async () => {
    const { daemon } = scene();
    for (const headers of [
      { 'x-auth-token': daemon.token },
      { authorization: `Bearer ${daemon.token}` },
      { authorization: `bearer ${daemon.token}` },
    ]) {
      expect((await daemon.call('GET', '/status', undefined, headers)).status).toBe(200);
    }
  });

  test('of the local administrator is in a file that nobody else can read', () => {
    const file = join(scene().daemon.directory, 'local-token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^whd_[\w-]{43}\n$/);
  });

  test('is not kept itself, and is listed without itself', async () => {
    const { daemon } = scene();
    const { token, uuid } = await makeToken();
    const { body } = await daemon.call<{ items: Token[] }>('GET', '/tokens');
    expect(body.items.find((item) => item.uuid === uuid)).toMatchObject({
      name: 'a token',
      tenant_uuid: null,
    });
    expect(JSON.stringify(body)).not.toContain(token);
    for (const file of [daemon.databaseFile, `${daemon.databaseFile}-wal`])
      expect(readFileSync(file).includes(token)).toBe(false);
    expect(daemon.output).not.toContain(token);
  });

  test('that is revoked is refused at once', async () => {
    const token = await makeToken();
    expect((await as(token)('GET', '/status')).status).toBe(200);
    expect((await scene().daemon.call('DELETE', `/tokens/${token.uuid}`)).status).toBe(204);
    expect((await as(token)('GET', '/status')).status).toBe(401);
    expect(await scene().daemon.call('DELETE', `/tokens/${token.uuid}`)).toMatchObject({
      status: 404,
      body: { error_id: 'no-such-token' },
    });
  });

  test.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a tenant that is no uuid', { name: 'x', tenant_uuid: 'me' }, 'tenant_uuid'],
  ])('with %s is refused', async (_what, body, field) => {
    expect(await scene().daemon.call('POST', '/tokens', body)).toMatchObject({
      status: 400,
      body: { details: { [field]: {} } },
    });
  });

  test('survives a restart; one of the local administrator that was lost is made anew', async () => {
    const { daemon } = scene();
    const token = await makeToken(otherTenant);
    const former = daemon.token;
    await daemon.stop();
    writeFileSync(join(daemon.directory, 'local-token'), 'garbage\n');
    await daemon.start();
    expect((await as(token)('GET', '/status')).status).toBe(200);
    expect((await as({ token: former })('GET', '/status')).status).toBe(401);
    expect((await daemon.call('GET', '/status')).status).toBe(200);
  });
});

describe('tenants', () => {
  test('see and change their own subscriptions only', async () => {
    const [mine, theirs] = [as(await makeToken(otherTenant)), as(await makeToken(thirdTenant))];
    const { body } = await mine<{ uuid: string }>('POST', '/subscriptions', subscription);
    expect(body).toMatchObject({ owner_tenant_uuid: otherTenant });
    const path = `/subscriptions/${body.uuid}`;
    expect((await mine('GET', path)).status).toBe(200);
    for (const [method, suffix, input] of [
      ['GET', ''],
      ['PUT', '', subscription],
      ['DELETE', ''],
      ['GET', '/logs'],
    ] as const) {
      expect((await theirs(method, `${path}${suffix}`, input)).status).toBe(404);
    }
    expect((await theirs('GET', '/subscriptions')).body).toEqual({ items: [], total: 0 });
    expect((await theirs('GET', '/subscriptions?recurse=true')).body).toEqual({
      items: [],
      total: 0,
    });
    expect((await mine('GET', '/subscriptions')).body).toMatchObject({
      items: [{ uuid: body.uuid }],
    });
  });

  test('are all below the master tenant, which sees theirs when it asks for them', async () => {
    const { daemon } = scene();
    const { uuid } = (
      await as(await makeToken(otherTenant))<{ uuid: string }>(
        'POST',
        '/subscriptions',
        subscription,
      )
    ).body;
    const listed = async (query: string) => {
      const { body } = await daemon.call<{ items: { uuid: string }[] }>(
        'GET',
        `/subscriptions${query}`,
      );
      return body.items.map((item) => item.uuid);
    };
    expect(await listed('')).not.toContain(uuid);
    expect(await listed('?recurse=true')).toContain(uuid);
    expect((await daemon.call('PUT', `/subscriptions/${uuid}`, subscription)).body).toMatchObject({
      owner_tenant_uuid: otherTenant,
    });
    expect((await daemon.call('DELETE', `/subscriptions/${uuid}`)).status).toBe(204);
  });

  test('other than the master tenant may not manage tokens', async () => {
    const call = as(await makeToken(otherTenant));
    expect((await call('GET', '/tokens')).status).toBe(401);
    expect((await call('POST', '/tokens', { name: 'x' })).status).toBe(401);
    expect((await call('DELETE', '/tokens/x')).status).toBe(401);
  });

  test('get the events of their own, the master tenant those of all', async () => {
    const { daemon, publisher } = scene();
    const [all, own] = [await scene().inbox(), await scene().inbox()];
    const events = ['tenant_event'];
    await daemon.subscribe(events, all.url);
    const input = { ...subscription, events, config: { url: own.url } };
    await as(await makeToken(otherTenant))('POST', '/subscriptions', input);
    await publisher.publish(
      { name: 'tenant_event', data: { id: 1 }, headers: { tenant_uuid: thirdTenant } },
      { name: 'tenant_event', data: { id: 2 } },
      { name: 'tenant_event', data: { id: 3 }, headers: { tenant_uuid: otherTenant } },
    );
    await all.received(3);
    await own.received(1);
    expect(all.bodies.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
    expect(own.bodies).toEqual([{ id: 3 }]);
  });
});

describe('a token’s grant', () => {
  const user = '22222222-2222-4222-8222-222222222222';

  async function call(grant: object, method: string, path: string, more = {}, body?: unknown) {
    const { daemon } = scene();
    const made = await daemon.call<{ token: string }>('POST', '/tokens', { name: 't', ...grant });
    expect(made.status).toBe(201);
    return daemon.call(method, path, body, { 'x-auth-token': made.body.token, ...more });
  }

  test('is what its ACL covers, and nothing else', async () => {
    const acl = ['webhookd.status.read', 'webhookd.subscriptions.*.read'];
    expect((await call({ acl }, 'GET', '/status')).status).toBe(200);
    expect((await call({ acl }, 'GET', '/subscriptions/a')).status).toBe(404);
    const refused = await call({ acl }, 'GET', '/subscriptions');
    expect(refused).toMatchObject({
      status: 401,
      body: {
        error_id: 'unauthorized',
        message: 'The token lacks webhookd.subscriptions.read',
      },
    });
    expect((await call({ acl: [] }, 'GET', '/status')).status).toBe(401);
  });

  test('is of its tenant: only the master tenant’s may name another', async () => {
    const other = { 'wazo-tenant': otherTenant };
    expect((await call({}, 'GET', '/subscriptions', other)).status).toBe(200);
    const own = { tenant_uuid: otherTenant };
    expect((await call(own, 'GET', '/subscriptions', other)).status).toBe(200);
    const third = { 'wazo-tenant': '33333333-3333-4333-8333-333333333333' };
    expect((await call(own, 'GET', '/subscriptions', third)).status).toBe(401);
    expect((await call(own, 'GET', '/config')).status).toBe(401);
    // For a tenant, even the master's token is not about the daemon as a whole.
    expect((await call({}, 'GET', '/config', other)).status).toBe(401);
  });

  test('is of its user, without a server', async () => {
    const input = {
      name: 'n',
      service: 'http',
      events: ['e'],
      config: { url: 'http://a.example/' },
    };
    const path = '/users/me/subscriptions';
    expect(await call({ user_uuid: user }, 'POST', path, {}, input)).toMatchObject({
      status: 201,
      body: { owner_user_uuid: user, events_user_uuid: user, events_wazo_uuid: null },
    });
    expect((await call({}, 'GET', path)).status).toBe(401);
  });

  test('learns that deliveries wait, as the administrator does', async () => {
    const path = '/users/me/subscriptions';
    const body = { warning: 'no plugin provides the service nobody: deliveries wait' };
    const input = { name: 'n', service: 'nobody', events: ['e'], config: {} };
    const token = { user_uuid: user };
    const made = await call(token, 'POST', path, {}, input);
    expect(made).toMatchObject({ status: 201, body });
    const own = `${path}/${(made.body as { uuid: string }).uuid}`;
    expect(await call(token, 'PUT', own, {}, input)).toMatchObject({ status: 200, body });
    expect(await call(token, 'GET', own)).toMatchObject({ status: 200, body });
    const { items } = (await call(token, 'GET', path)).body as { items: object[] };
    expect(items).toContainEqual(expect.objectContaining(body));
    expect((await call(token, 'DELETE', own)).status).toBe(204);
  });
});
