import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampleInput } from '../support/samples.ts';
import { until } from '../support/wait.ts';
import { useWazoScene } from '../support/wazo-scene.ts';

const scene = useWazoScene();

interface Subscription {
  uuid: string;
  name: string;
  owner_tenant_uuid: string;
  owner_user_uuid: string | null;
  events_user_uuid: string | null;
  events_wazo_uuid: string | null;
  metadata: object;
}

/** master > parent > child; master > other */
const tenants = { parent: '', child: '', other: '' };
const tokens = { master: '', parent: '', child: '', other: '' };

beforeAll(() => {
  const { auth } = scene();
  tenants.parent = auth.addTenant();
  tenants.child = auth.addTenant(tenants.parent);
  tenants.other = auth.addTenant();
  tokens.master = auth.addToken();
  for (const name of ['parent', 'child', 'other'] as const)
    tokens[name] = auth.addToken({ tenantUuid: tenants[name] });
});

function call<T = Subscription>(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  tenant?: string,
) {
  return scene().daemon.call<T>(method, path, body, {
    'x-auth-token': token,
    ...(tenant === undefined ? {} : { 'wazo-tenant': tenant }),
  });
}

async function create(token: string, more: object = {}, tenant?: string): Promise<Subscription> {
  const { status, body } = await call(token, 'POST', '/subscriptions', sampleInput(more), tenant);
  expect(status).toBe(201);
  return body;
}

async function listed(token: string, query = '', tenant?: string): Promise<string[]> {
  const { body } = await call<{ items: Subscription[]; total: number }>(
    token,
    'GET',
    `/subscriptions${query}`,
    undefined,
    tenant,
  );
  expect(body.total).toBe(body.items.length);
  return body.items.map(({ uuid }) => uuid);
}

const notThere = { status: 404, body: { error_id: 'no-such-subscription' } };

describe('tenants', () => {
  test('a subscription belongs to the token’s tenant, or to the one Wazo-Tenant names', async () => {
    expect((await create(tokens.parent)).owner_tenant_uuid).toBe(tenants.parent);
    expect((await create(tokens.parent, {}, tenants.child)).owner_tenant_uuid).toBe(tenants.child);
  });

  test('a tenant that is not the token’s to choose is 401', async () => {
    for (const tenant of [tenants.other, scene().auth.masterTenant, randomUUID(), 'x'])
      expect(await call(tokens.parent, 'GET', '/subscriptions', undefined, tenant)).toMatchObject({
        status: 401,
        body: { error_id: 'unauthorized' },
      });
  });

  test('a list shows one tenant, and with recurse those below it', async () => {
    const [own, below, other] = [
      await create(tokens.parent),
      await create(tokens.child),
      await create(tokens.other),
    ];
    const shown = await listed(tokens.parent);
    expect(shown).toContain(own.uuid);
    expect(shown).not.toContain(below.uuid);
    const recursed = await listed(tokens.parent, '?recurse=true');
    expect(recursed).toEqual(expect.arrayContaining([own.uuid, below.uuid]));
    expect(recursed).not.toContain(other.uuid);
    expect(await listed(tokens.parent, '', tenants.child)).toContain(below.uuid);
    expect(await listed(tokens.master, '?recurse=true')).toEqual(
      expect.arrayContaining([own.uuid, below.uuid, other.uuid]),
    );
  });

  test('by uuid the tenants below are reached, and what is outside is not there', async () => {
    const below = await create(tokens.child);
    const other = await create(tokens.other);
    const path = ({ uuid }: Subscription) => `/subscriptions/${uuid}`;
    expect((await call(tokens.parent, 'GET', path(below))).status).toBe(200);
    const { status, body } = await call(
      tokens.parent,
      'PUT',
      path(below),
      sampleInput({ name: 'new' }),
    );
    expect({ status, tenant: body.owner_tenant_uuid }).toEqual({
      status: 200,
      tenant: tenants.child,
    });
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(
        await call(
          tokens.parent,
          method,
          path(other),
          method === 'PUT' ? sampleInput() : undefined,
        ),
      ).toMatchObject(notThere);
    expect(await call(tokens.parent, 'GET', `${path(other)}/logs`)).toMatchObject(notThere);
    expect(await call(tokens.child, 'GET', path(await create(tokens.parent)))).toMatchObject(
      notThere,
    );
    expect((await call(tokens.parent, 'DELETE', path(below))).status).toBe(204);
  });
});

describe('search by metadata', () => {
  test('every key:value has to match', async () => {
    const both = await create(tokens.other, { metadata: { city: 'Lyon', kind: 'a:b' } });
    const one = await create(tokens.other, { metadata: { city: 'Lyon', kind: 'c' } });
    const search = (...pairs: string[]) =>
      listed(tokens.other, `?${pairs.map((pair) => `search_metadata=${pair}`).join('&')}`);
    expect(await search('city:Lyon')).toEqual([both.uuid, one.uuid]);
    expect(await search('city:Lyon', 'kind:a:b')).toEqual([both.uuid]);
    expect(await search('city:lyon')).toEqual([]);
    expect(await search('constructor:x')).toEqual([]);
  });
});

describe('a user’s own subscriptions', () => {
  const path = '/users/me/subscriptions';

  async function user() {
    const userUuid = randomUUID();
    const token = scene().auth.addToken({ tenantUuid: tenants.child, userUuid });
    const { status, body } = await call(token, 'POST', path, sampleInput({ metadata: { a: '1' } }));
    expect(status).toBe(201);
    return { userUuid, token, own: body };
  }

  test('get owner, user, server and tenant from the token, whatever is sent', async () => {
    const { token, userUuid } = await user();
    const { body } = await call(
      token,
      'POST',
      path,
      sampleInput({
        owner_user_uuid: randomUUID(),
        events_user_uuid: randomUUID(),
        events_wazo_uuid: randomUUID(),
        owner_tenant_uuid: randomUUID(),
      }),
    );
    const expected = {
      owner_user_uuid: userUuid,
      events_user_uuid: userUuid,
      events_wazo_uuid: scene().auth.serverUuid,
      owner_tenant_uuid: tenants.child,
    };
    expect(body).toMatchObject(expected);
    const replaced = sampleInput({
      name: 'new',
      events_user_uuid: null,
      owner_user_uuid: randomUUID(),
    });
    const { body: updated } = await call(token, 'PUT', `${path}/${body.uuid}`, replaced);
    expect(updated).toMatchObject({ ...expected, name: 'new', metadata: {} });
  });

  test('are listed for their user alone, and searched', async () => {
    const { token, own } = await user();
    const { token: another } = await user();
    const list = async (of: string, query = '') =>
      (await call<{ items: Subscription[] }>(of, 'GET', `${path}${query}`)).body.items.map(
        ({ uuid }) => uuid,
      );
    expect(await list(token)).toEqual([own.uuid]);
    expect(await list(another)).not.toContain(own.uuid);
    expect(await list(token, '?search_metadata=a:1')).toEqual([own.uuid]);
    expect(await list(token, '?search_metadata=a:2')).toEqual([]);
  });

  test('of other people are not there', async () => {
    const { own } = await user();
    const { token } = await user();
    const shared = await create(tokens.child);
    for (const { uuid } of [own, shared])
      for (const method of ['GET', 'PUT', 'DELETE'])
        expect(
          await call(
            token,
            method,
            `${path}/${uuid}`,
            method === 'PUT' ? sampleInput() : undefined,
          ),
        ).toMatchObject(notThere);
  });

  test('are seen by the tenant', async () => {
    const { own } = await user();
    expect(await listed(tokens.child)).toContain(own.uuid);
  });

  test('are deleted', async () => {
    const { token, own } = await user();
    expect((await call(token, 'DELETE', `${path}/${own.uuid}`)).status).toBe(204);
    expect(await call(token, 'GET', `${path}/${own.uuid}`)).toMatchObject(notThere);
  });

  test('need a user: a token without one is 401', async () => {
    expect(await call(tokens.child, 'GET', path)).toMatchObject({
      status: 401,
      body: { error_id: 'unauthorized' },
    });
  });
});

describe('GET and PATCH /config', () => {
  const patch = (body: string | undefined, contentType = 'application/json') =>
    fetch(`${scene().daemon.url}/1.0/config`, {
      method: 'PATCH',
      headers: { 'x-auth-token': tokens.master, 'content-type': contentType },
      ...(body === undefined ? {} : { body }),
    });
  const setDebug = (value: boolean) => JSON.stringify([{ op: 'replace', path: '/debug', value }]);

  test('show the configuration without any secret, to the master tenant alone', async () => {
    const { status, body } = await call<Record<string, Record<string, unknown>>>(
      tokens.master,
      'GET',
      '/config',
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      debug: false,
      hook_max_attempts: 10,
      bus: { exchange_name: 'wazo-headers', password: '********' },
      auth: { type: 'wazo', password: '********' },
    });
    expect(JSON.stringify(body)).not.toContain(scene().auth.credentials.password);
    for (const method of ['GET', 'PATCH'])
      expect(
        await call(tokens.parent, method, '/config', method === 'GET' ? undefined : []),
      ).toMatchObject({ status: 401, body: { error_id: 'unauthorized' } });
  });

  test.each(['application/json', 'application/json-patch+json', 'text/plain'])(
    'change the level of the running log, sent as %s',
    async (contentType) => {
      const { daemon } = scene();
      const ask = (name: string) => call(tokens.master, 'GET', `/subscriptions/${name}`);
      const isLogged = (name: string) => daemon.output.includes(name);
      const [quiet, loud] = [randomUUID(), randomUUID()];
      await ask(quiet);
      const on = await patch(setDebug(true), contentType);
      expect(on.status).toBe(200);
      expect(await on.json()).toMatchObject({ debug: true });
      expect((await call(tokens.master, 'GET', '/config')).body).toMatchObject({ debug: true });
      await ask(loud);
      await until('it logs at level debug', () => isLogged(loud));
      expect(isLogged(quiet)).toBe(false);
      expect(await (await patch(setDebug(false), contentType)).json()).toMatchObject({
        debug: false,
      });
    },
  );

  test.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['no list', '{"op":"replace","path":"/debug","value":true}'],
    ['another operation', '[{"op":"remove","path":"/debug"}]'],
    ['another key', '[{"op":"replace","path":"/log_level","value":"debug"}]'],
    ['no boolean', '[{"op":"replace","path":"/debug","value":"true"}]'],
  ])('%s is 400, and changes nothing', async (_what, body) => {
    const answer = await patch(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toHaveProperty('error_id');
    expect((await call(tokens.master, 'GET', '/config')).body).toMatchObject({ debug: false });
  });
});
