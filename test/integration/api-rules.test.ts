import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';

const scene = useScene({ config: { rest_api: { cors: { origins: ['*'] } } } });

const answer = async (path: string, options: RequestInit = {}) => {
  const { daemon } = scene();
  const response = await fetch(`${daemon.url}${path}`, {
    ...options,
    headers: { 'x-auth-token': daemon.token, ...(options.headers as object) },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown>,
  };
};

const json = { 'content-type': 'application/json' };

describe('an error has a message, an id, details and a time', () => {
  test.each<[string, string, RequestInit, number, string]>([
    [
      'a body that is no JSON',
      '/1.0/subscriptions',
      { method: 'POST', headers: json, body: '{"name": ' },
      400,
      'invalid-json',
    ],
    [
      'a body that is empty',
      '/1.0/subscriptions',
      { method: 'POST', headers: json, body: '' },
      400,
      'invalid-json',
    ],
    [
      'a key named __proto__',
      '/1.0/subscriptions',
      { method: 'POST', headers: json, body: '{"__proto__":{"name":"x"}}' },
      400,
      'invalid-json',
    ],
    [
      'a body over 1 MiB',
      '/1.0/subscriptions',
      { method: 'POST', headers: json, body: `{"name":"${'x'.repeat(1_048_576)}"}` },
      413,
      'body-too-large',
    ],
    [
      'a body that is a form',
      '/1.0/subscriptions',
      { method: 'POST', body: new URLSearchParams({ name: 'x' }) },
      415,
      'unsupported-media-type',
    ],
    ['a route that is not there', '/1.0/nothing', {}, 404, 'not-found'],
    ['a path outside of the API', '/', {}, 404, 'not-found'],
    ['a version that is not there', '/2.0/subscriptions', {}, 404, 'not-found'],
    [
      'a method a route does not have',
      '/1.0/subscriptions',
      { method: 'PATCH', headers: json, body: '{}' },
      404,
      'not-found',
    ],
    ['a query that does not fit', '/1.0/subscriptions?recurse=perhaps', {}, 400, 'invalid-data'],
    ['a path that cannot be decoded', '/1.0/subscriptions/%ff', {}, 400, 'bad-request'],
    [
      'a uuid of thousands of characters',
      `/1.0/subscriptions/${'x'.repeat(5_000)}`,
      {},
      400,
      'bad-request',
    ],
  ])('%s', async (_what, path, options, status, id) => {
    const { status: found, body, headers } = await answer(path, options);
    expect(found).toBe(status);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(Object.keys(body).sort()).toEqual(['details', 'error_id', 'message', 'timestamp']);
    expect(body).toMatchObject({
      error_id: id,
      message: expect.stringMatching(/./) as string,
      details: {},
    });
  });

  test('a body of exactly 1 MiB is read', async () => {
    const body = `{"name":"${'x'.repeat(1_048_576 - 11)}"}`;
    expect(
      (await answer('/1.0/subscriptions', { method: 'POST', headers: json, body })).status,
    ).toBe(400);
  });

  test('no answer quotes a stack', async () => {
    const { body } = await answer('/1.0/subscriptions', {
      method: 'POST',
      headers: json,
      body: '{',
    });
    expect(JSON.stringify(body)).not.toMatch(/node_modules|\.js:\d+/);
  });
});

describe('a body with thousands of mistakes', () => {
  const wrong = Array.from({ length: 100_000 }, () => 1);
  const valid = { name: 'x', service: 'http', events: ['x'], config: { url: 'http://a/' } };
  const details = async (path: string, body: unknown) => {
    const options = { method: 'POST', headers: json, body: JSON.stringify(body) };
    const { status, body: answered } = await answer(path, options);
    expect(status).toBe(400);
    return Object.keys(answered['details'] as object);
  };

  test.each<[string, object]>([
    ['events', { ...valid, events: wrong }],
    ['delivery.schedule', { ...valid, delivery: { schedule: wrong.map(String) } }],
    [
      'config.headers',
      { ...valid, config: { url: 'http://a/', headers: Object.fromEntries(wrong.entries()) } },
    ],
  ])('in %s is told the first ones', async (field, body) => {
    const told = await details('/1.0/subscriptions', body);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(1000);
    expect(told[0]).toMatch(new RegExp(`^${field}`));
  });

  test('in what is replayed is told the first ones', async () => {
    const { daemon } = scene();
    const uuid = await daemon.subscribe(['x'], 'http://a/');
    const told = await details(`/1.0/subscriptions/${uuid}/replay`, {
      status: wrong,
      events: wrong,
    });
    expect(told.length).toBeLessThan(1000);
  });
});

test('a subscription names a thousand events at most', async () => {
  const make = (count: number) =>
    scene().daemon.call('POST', '/subscriptions', {
      name: 'x',
      service: 'http',
      events: Array.from({ length: count }, (_, id) => `many_${id}`),
      config: { url: 'http://a/' },
    });
  expect(await make(1001)).toMatchObject({
    status: 400,
    body: { details: { events: { constraint_id: 'maxItems', constraint: 1000 } } },
  });
  expect((await make(1000)).status).toBe(201);
});

describe('the status', () => {
  test('says how bus, store and plugins are', async () => {
    const { status, body } = await answer('/1.0/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      bus_consumer: { status: 'ok', dead_lettered: expect.any(Number) as number },
      master_tenant: { status: 'ok' },
      store: { status: 'ok', error: null },
      plugins: { status: 'ok', services: ['example', 'http'], failed: [] },
    });
  });

  test('lists the services there are', async () => {
    expect((await answer('/1.0/subscriptions/services')).body).toEqual({
      services: ['example', 'http'],
    });
  });
});

describe('the API document', () => {
  type Operation = { responses: Record<string, unknown>; summary: string };
  const load = async () =>
    (await answer('/1.0/openapi.json', { headers: { 'x-auth-token': '' } })).body;

  test('is valid OpenAPI 3.1, and there for everybody', async () => {
    const document = await load();
    expect(document['openapi']).toMatch(/^3\.1\./);
    const result = await new Validator().validate(document);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  test('lists every route', async () => {
    const paths = (await load())['paths'] as Record<string, Record<string, Operation>>;
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'DELETE /1.0/plugins/{name}/variables/{variable}',
      'DELETE /1.0/subscriptions/{subscription_uuid}',
      'DELETE /1.0/tokens/{uuid}',
      'DELETE /1.0/users/me/subscriptions/{subscription_uuid}',
      'GET /1.0/config',
      'GET /1.0/deadletter',
      'GET /1.0/deadletter/{id}',
      'GET /1.0/deliveries',
      'GET /1.0/deliveries/{delivery_id}',
      'GET /1.0/logs',
      'GET /1.0/metrics',
      'GET /1.0/plugins',
      'GET /1.0/plugins/{name}',
      'GET /1.0/plugins/{name}/variables',
      'GET /1.0/plugins/{name}/variables/{variable}',
      'GET /1.0/replays/{replay_id}',
      'GET /1.0/status',
      'GET /1.0/subscriptions',
      'GET /1.0/subscriptions/services',
      'GET /1.0/subscriptions/{subscription_uuid}',
      'GET /1.0/subscriptions/{subscription_uuid}/logs',
      'GET /1.0/subscriptions/{subscription_uuid}/secret',
      'GET /1.0/tokens',
      'GET /1.0/users/me/subscriptions',
      'GET /1.0/users/me/subscriptions/{subscription_uuid}',
      'GET /1.0/users/me/subscriptions/{subscription_uuid}/secret',
      'PATCH /1.0/config',
      'POST /1.0/deadletter/drop',
      'POST /1.0/deadletter/redrive',
      'POST /1.0/deliveries/{delivery_id}/cancel',
      'POST /1.0/deliveries/{delivery_id}/retry',
      'POST /1.0/plugins/rekey',
      'POST /1.0/plugins/{name}/disable',
      'POST /1.0/plugins/{name}/enable',
      'POST /1.0/plugins/{name}/reload',
      'POST /1.0/purge',
      'POST /1.0/replays/{replay_id}/cancel',
      'POST /1.0/subscriptions',
      'POST /1.0/subscriptions/import',
      'POST /1.0/subscriptions/{subscription_uuid}/replay',
      'POST /1.0/subscriptions/{subscription_uuid}/secret/rotate',
      'POST /1.0/subscriptions/{subscription_uuid}/test',
      'POST /1.0/sync',
      'POST /1.0/tokens',
      'POST /1.0/users/me/subscriptions',
      'POST /1.0/users/me/subscriptions/{subscription_uuid}/secret/rotate',
      'PUT /1.0/plugins/{name}/variables/{variable}',
      'PUT /1.0/subscriptions/{subscription_uuid}',
      'PUT /1.0/users/me/subscriptions/{subscription_uuid}',
    ]);
  });

  test('says of every route what it is for and that a token is needed', async () => {
    const document = await load();
    const operations = Object.values(
      document['paths'] as Record<string, Record<string, Operation>>,
    ).flatMap((methods) => Object.values(methods));
    for (const { summary, responses } of operations) {
      expect(summary).toMatch(/./);
      expect(Object.keys(responses)).toContain('401');
    }
    expect(document['security']).toEqual([{ token: [] }, { bearer: [] }]);
  });
});

describe('a browser of another origin, where any is allowed', () => {
  test('may ask first, without a token', async () => {
    const { daemon } = scene();
    const response = await fetch(`${daemon.url}/1.0/subscriptions`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-auth-token',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(response.headers.get('access-control-allow-headers')).toMatch(/X-Auth-Token/i);
  });

  test('may read answers and errors', async () => {
    for (const path of ['/1.0/status', '/1.0/nothing']) {
      expect(
        (await answer(path, { headers: { origin: 'https://app.example.com' } })).headers.get(
          'access-control-allow-origin',
        ),
      ).toBe('*');
    }
  });
});
