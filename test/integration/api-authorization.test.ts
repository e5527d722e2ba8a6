/** Every route, every kind of token, every tenant and user: who is let in. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addRoutes } from '../../dist/api/routes.js';
import { createApi } from '../../dist/api/server.js';
import { type Cast, openCast } from '../support/authorization-cast.ts';
import { loadText } from '../support/config.ts';
import { silentLog } from '../support/logs.ts';
import { type Audience, type RouteRow, routeTable } from '../support/route-table.ts';

/** Who asks; `For` is with Wazo-Tenant. */
type Caller =
  | 'nobody'
  | 'unknown'
  | 'revoked'
  | 'withoutAcl'
  | 'withAnotherAcl'
  | 'admin'
  | 'adminForTenant'
  | 'adminForOther'
  | 'master'
  | 'withOnlyThisAcl'
  | 'tenant'
  | 'tenantForOther'
  | 'otherTenant'
  | 'user'
  | 'otherUser'
  | 'userOfOtherTenant';

type Answer = 'passes' | 401 | 404;

/** What nobody gets in with, whatever the route. */
const refused = {
  nobody: 401,
  unknown: 401,
  revoked: 401,
  withoutAcl: 401,
  withAnotherAcl: 401,
  tenantForOther: 401,
} as const;

type Answers = Record<Exclude<Caller, keyof typeof refused>, Answer>;

/** Users have lists of their own, whoever they are. */
const usersOwn: Answers = {
  admin: 401,
  adminForTenant: 401,
  adminForOther: 401,
  master: 401,
  withOnlyThisAcl: 'passes',
  tenant: 401,
  otherTenant: 401,
  user: 'passes',
  otherUser: 'passes',
  userOfOtherTenant: 'passes',
};

/** Other people's things are 404, as if they were not there; what is not for such tokens at all is 401. */
const expected: Record<Audience, Answers> = {
  anybody: {
    admin: 'passes',
    adminForTenant: 'passes',
    adminForOther: 'passes',
    master: 'passes',
    withOnlyThisAcl: 'passes',
    tenant: 'passes',
    otherTenant: 'passes',
    user: 'passes',
    otherUser: 'passes',
    userOfOtherTenant: 'passes',
  },
  master: {
    admin: 'passes',
    adminForTenant: 401,
    adminForOther: 401,
    master: 'passes',
    withOnlyThisAcl: 'passes',
    tenant: 401,
    otherTenant: 401,
    user: 401,
    otherUser: 401,
    userOfOtherTenant: 401,
  },
  tenant: {
    admin: 'passes',
    adminForTenant: 'passes',
    adminForOther: 404,
    master: 'passes',
    withOnlyThisAcl: 'passes',
    tenant: 'passes',
    otherTenant: 404,
    // Whose ACL has the tenant's routes acts for the tenant, user or not.
    user: 'passes',
    otherUser: 'passes',
    userOfOtherTenant: 404,
  },
  user: usersOwn,
  owner: {
    ...usersOwn,
    otherUser: 404,
    // Of the same uuid, in another tenant.
    userOfOtherTenant: 404,
  },
};

const verbs: Record<string, string> = {
  GET: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

const accessTo = (method: string, path: string) =>
  `webhookd${path.replaceAll('.', '_').replaceAll('/', '.')}.${verbs[method] ?? ''}`;

describe.each([
  ['tokens made here', false],
  ['tokens of wazo-auth', true],
])('with %s', (_what, hasWazoAuth) => {
  let cast: Cast;
  let tokens: Record<string, string>;

  beforeAll(async () => {
    cast = await openCast(hasWazoAuth);
    const { tenant, other, user, daemon } = cast;
    const revoked = await cast.makeToken({});
    await daemon.call('GET', '/status', undefined, { 'x-auth-token': revoked });
    await cast.revoke(revoked);
    tokens = {
      unknown: randomUUID(),
      revoked,
      withoutAcl: await cast.makeToken({ acl: [] }),
      withAnotherAcl: await cast.makeToken({ acl: ['webhookd.nothing.read'] }),
      admin: daemon.token,
      adminForTenant: daemon.token,
      adminForOther: daemon.token,
      master: await cast.makeToken({}),
      tenant: await cast.makeToken({ tenantUuid: tenant }),
      tenantForOther: await cast.makeToken({ tenantUuid: tenant }),
      otherTenant: await cast.makeToken({ tenantUuid: other }),
      user: await cast.makeToken({ tenantUuid: tenant, userUuid: user }),
      otherUser: await cast.makeToken({ tenantUuid: tenant, userUuid: randomUUID() }),
      userOfOtherTenant: await cast.makeToken({ tenantUuid: other, userUuid: user }),
    };
  });
  afterAll(() => cast.close());

  async function ask(route: string, row: RouteRow, caller: Caller): Promise<number> {
    const [method = '', pattern = ''] = route.split(' ');
    const isOwned = row.for === 'owner';
    const fill = new Map<string, string>();
    for (const [, parameter = ''] of pattern.matchAll(/{(\w+)}/g))
      fill.set(`{${parameter}}`, await cast.thing(parameter, isOwned));
    const filled = (path: string) => path.replace(/{\w+}/g, (name) => fill.get(name) ?? name);
    const { tenant, user } = cast;
    const token =
      caller === 'withOnlyThisAcl'
        ? await cast.makeToken({
            acl: [accessTo(row.actsAs?.[0] ?? method, filled(row.actsAs?.[1] ?? pattern))],
            ...(row.for === 'user' || isOwned ? { tenantUuid: tenant, userUuid: user } : {}),
          })
        : tokens[caller];
    const asked = { adminForTenant: tenant, adminForOther: cast.other, tenantForOther: cast.other };
    const answer = await cast.daemon
      .call(method, filled(pattern), row.body, {
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(caller in asked ? { 'wazo-tenant': asked[caller as keyof typeof asked] } : {}),
      })
      .catch((error: unknown) => {
        // Metrics are no JSON.
        if (error instanceof SyntaxError) return { status: 200 };
        throw error;
      });
    return answer.status;
  }

  test.each(Object.entries(routeTable))('%s', async (route, row) => {
    const wanted: Record<string, Answer> = { ...refused, ...expected[row.for] };
    const found: Record<string, 'passes' | number> = {};
    for (const caller of Object.keys(wanted) as Caller[]) {
      const status = await ask(route, row, caller);
      const passes = row.passes?.includes(status) ?? (status >= 200 && status < 300);
      found[caller] = passes ? 'passes' : status;
    }
    expect(found).toEqual(wanted);
  });

  test('lists show nobody what is not theirs', async () => {
    const shared = await cast.thing('subscription_uuid', false);
    const owned = await cast.thing('subscription_uuid', true);
    const delivery = await cast.thing('delivery_id', false);
    const listed = async (path: string, token = '') => {
      const { body } = await cast.daemon.call<{ items: { uuid?: string; id?: string }[] }>(
        'GET',
        path,
        undefined,
        { 'x-auth-token': token },
      );
      return body.items.map(({ uuid, id }) => uuid ?? id);
    };
    const of = (who: string) =>
      Promise.all([
        listed('/subscriptions?recurse=true', tokens[who]),
        listed('/deliveries', tokens[who]),
      ]).then((lists) => lists.flat());
    expect(await of('tenant')).toEqual(expect.arrayContaining([shared, owned, delivery]));
    for (const who of ['otherTenant', 'userOfOtherTenant']) {
      const all = await of(who);
      for (const uuid of [shared, owned, delivery]) expect(all).not.toContain(uuid);
    }
    expect(await listed('/users/me/subscriptions', tokens['user'])).toContain(owned);
    for (const who of ['otherUser', 'userOfOtherTenant'])
      expect(await listed('/users/me/subscriptions', tokens[who])).not.toContain(owned);
  });

  test('the status has services that nobody provides for the master tenant alone', async () => {
    const services = async (who: string) => {
      const { body } = await cast.daemon.call<{ plugins: { missing?: string[] } }>(
        'GET',
        '/status',
        undefined,
        { 'x-auth-token': tokens[who] ?? '' },
      );
      return body.plugins.missing;
    };
    for (const who of ['admin', 'master']) expect(await services(who)).toEqual(['nobodys']);
    for (const who of ['tenant', 'otherTenant', 'user'])
      expect(await services(who)).toBeUndefined();
  });

  test('every route of the API’s document has a row', async () => {
    const response = await fetch(`${cast.daemon.url}/1.0/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/1.0', '')}`),
    );
    expect(routes.sort()).toEqual(Object.keys(routeTable).sort());
  });

  test('asking for the headers alone needs a token as well', async () => {
    for (const route of Object.keys(routeTable)) {
      const [method, path = ''] = route.split(' ');
      if (method !== 'GET') continue;
      const response = await fetch(`${cast.daemon.url}/1.0${path}`, { method: 'HEAD' });
      expect([path, response.status]).toEqual([path, 401]);
    }
  });

  test('what needs no token tells nothing that is anybody’s', async () => {
    const { daemon } = cast;
    expect(await (await fetch(`${daemon.url}/health/live`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${daemon.url}/health/ready`)).json()).toEqual({
      status: 'ok',
      bus: true,
      store: true,
      reason: null,
    });
  });
});

test('routes that are left out of the document have a row too', async () => {
  const found = new Set<string>();
  const server = await createApi({
    restApi: loadText().config.restApi,
    authenticator: { authenticate: () => Promise.reject(new Error('nobody asks')) },
    isOpen: false,
    addRoutes: (scope) => {
      scope.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat())
          if (one !== 'HEAD')
            found.add(`${one} ${url.replace('/1.0', '').replace(/:(\w+)/g, '{$1}')}`);
      });
      addRoutes(scope, {} as never);
    },
    log: silentLog,
  });
  await server.close();
  // The daemon adds this one itself.
  found.add('GET /metrics');
  expect([...found].sort()).toEqual(Object.keys(routeTable).sort());
});
