import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { masterTenant, ownDefaults } from '../support/samples.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();

const valid = {
  name: 'mine',
  service: 'http',
  events: ['call_created'],
  config: { url: 'http://127.0.0.1:9/' },
};

interface ErrorBody {
  message: string;
  error_id: string;
  details: Record<string, { message: string; constraint_id: string; constraint: unknown }>;
  timestamp: number;
}

const create = <T = { uuid: string }>(body: unknown) =>
  scene().daemon.call<T>('POST', '/subscriptions', body);

describe('a subscription', () => {
  test('is created with everything it was given, and defaults for the rest', async () => {
    const { status, body } = await create(valid);
    expect(status).toBe(201);
    expect(body).toEqual({
      ...ownDefaults,
      ...valid,
      config: { ...valid.config, method: 'post' },
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      events_user_uuid: null,
      events_wazo_uuid: null,
      owner_user_uuid: null,
      owner_tenant_uuid: masterTenant,
      metadata: {},
    });
  });

  test('is shown, listed, replaced and deleted', async () => {
    const { daemon } = scene();
    const { uuid } = (await create(valid)).body;
    const path = `/subscriptions/${uuid}`;
    expect((await daemon.call('GET', path)).body).toMatchObject({ uuid, name: 'mine' });
    const list = await daemon.call<{ items: { uuid: string }[]; total: number }>(
      'GET',
      '/subscriptions',
    );
    expect(list.body.items.map((item) => item.uuid)).toContain(uuid);
    expect(list.body.total).toBe(list.body.items.length);

    const change = {
      ...valid,
      name: 'new name',
      metadata: { 'any key': [1] },
      events_user_uuid: randomUUID(),
    };
    const changed = await daemon.call('PUT', path, change);
    expect(changed).toMatchObject({
      status: 200,
      body: { ...change, config: { url: valid.config.url }, uuid },
    });
    expect((await daemon.call('PUT', path, valid)).body).toMatchObject({
      events_user_uuid: null,
      metadata: {},
    });

    expect(await daemon.call('DELETE', path)).toEqual({ status: 204, body: undefined });
    expect((await daemon.call('GET', path)).status).toBe(404);
    const left = await daemon.call<{ items: { uuid: string }[] }>('GET', '/subscriptions');
    expect(left.body.items.map((item) => item.uuid)).not.toContain(uuid);
  });

  test('may not choose its uuid or tenant: fields that are not known are ignored', async () => {
    const { body } = await create<Record<string, unknown>>({
      ...valid,
      uuid: 'x',
      owner_tenant_uuid: randomUUID(),
      more: { a: 1 },
    });
    expect(body).toMatchObject({ owner_tenant_uuid: masterTenant });
    expect(body['uuid']).not.toBe('x');
    expect(body).not.toHaveProperty('more');
  });

  test('may be for a service nobody provides yet, with any config', async () => {
    expect((await create({ ...valid, service: 'later', config: { a: { b: null } } })).status).toBe(
      201,
    );
  });

  test('may name no events', async () => {
    expect((await create({ ...valid, events: [] })).status).toBe(201);
  });

  test('survives a restart', async () => {
    const { daemon } = scene();
    const { body } = await create(valid);
    expect(await daemon.stop()).toBe(0);
    await daemon.start();
    expect((await daemon.call('GET', `/subscriptions/${body.uuid}`)).body).toEqual(body);
  });
});

describe('input that does not fit is answered 400 with the field and the reason', () => {
  const long = 'x'.repeat(129);
  const http = (config: object) => ({ ...valid, config });

  test.each<[string, unknown, string, string]>([
    ['no name', { ...valid, name: undefined }, 'name', 'is missing'],
    ['an empty name', { ...valid, name: '' }, 'name', 'must NOT have fewer than 1 characters'],
    ['a long name', { ...valid, name: long }, 'name', 'must NOT have more than 128 characters'],
    ['a name that is a number', { ...valid, name: 5 }, 'name', 'must be string'],
    ['a name with NUL', { ...valid, name: 'a\0b' }, 'name', 'must match pattern "^[^\\u0000]*$"'],
    ['no service', { ...valid, service: undefined }, 'service', 'is missing'],
    ['no events', { ...valid, events: undefined }, 'events', 'is missing'],
    ['events that are text', { ...valid, events: 'call_created' }, 'events', 'must be array'],
    ['an event that is null', { ...valid, events: ['a', null] }, 'events.1', 'must be string'],
    [
      'a long event',
      { ...valid, events: [long] },
      'events.0',
      'must NOT have more than 128 characters',
    ],
    [
      'an event no routing key can hold',
      { ...valid, events: ['ok', '😀'.repeat(64)] },
      'events.1',
      'must NOT have more than 255 bytes in UTF-8',
    ],
    ['no config', { ...valid, config: undefined }, 'config', 'is missing'],
    ['config that is a list', { ...valid, config: [] }, 'config', 'must be object'],
    [
      'a user that is no uuid',
      { ...valid, events_user_uuid: 'me' },
      'events_user_uuid',
      'must NOT have fewer than 36 characters',
    ],
    [
      'a server that is a number',
      { ...valid, events_wazo_uuid: 5 },
      'events_wazo_uuid',
      'must be string',
    ],
    ['metadata that are text', { ...valid, metadata: 'x' }, 'metadata', 'must be object'],
    ['http without url', http({}), 'config.url', 'is missing'],
    [
      'http with another scheme',
      http({ url: 'ftp://x' }),
      'config.url',
      'must be a valid http:// or https:// URL',
    ],
    [
      'http with a method of its own',
      http({ url: 'http://x', method: 'patch' }),
      'config.method',
      'must be equal to one of the allowed values',
    ],
    [
      'http with a body that is a number',
      http({ url: 'http://x', body: 5 }),
      'config.body',
      'must be string',
    ],
    [
      'http with a broken content type',
      http({ url: 'http://x', content_type: 'a\r\nb: c' }),
      'config.content_type',
      'must match pattern',
    ],
    [
      'http with a relative certificate',
      http({ url: 'http://x', verify_certificate: 'ca.pem' }),
      'config.verify_certificate',
      'must match pattern',
    ],
    [
      'example that sleeps backwards',
      { ...valid, service: 'example', config: { sleep_time: -1 } },
      'config.sleep_time',
      'must be >= 0',
    ],
  ])('%s', async (_what, input, field, reason) => {
    const before = Date.now() / 1000;
    const { status, body } = await create<ErrorBody>(input);
    expect(status).toBe(400);
    expect(body.error_id).toBe('invalid-data');
    expect(body.message).toMatch(/^Sent data is invalid: /);
    expect(body.details[field]?.message).toContain(reason);
    expect(body.details[field]).toHaveProperty('constraint_id');
    expect(body.timestamp).toBeGreaterThanOrEqual(before - 1);
  });

  test('several mistakes are told together, those in the options of the service too', async () => {
    const mistaken = { ...valid, name: 5, config: { url: 'ftp://x/', method: 'patch' } };
    const { status, body: all } = await create<ErrorBody>(mistaken);
    expect(status).toBe(400);
    expect(Object.keys(all.details).sort()).toEqual(['config.method', 'config.url', 'name']);
    const { body } = await create<ErrorBody>({ name: 5, service: 'http' });
    expect(Object.keys(body.details).sort()).toEqual(['config', 'events', 'name']);
  });

  test.each(['[]', 'null', '5', '"text"'])('a body that is %s', async (text) => {
    expect(await create<ErrorBody>(text)).toMatchObject({
      status: 400,
      body: { error_id: 'invalid-data', details: { body: { message: 'must be object' } } },
    });
  });

  test('a replacement is checked like a new one, and changes nothing when it is refused', async () => {
    const { daemon } = scene();
    const { body } = await create(valid);
    const path = `/subscriptions/${body.uuid}`;
    expect((await daemon.call('PUT', path, { ...valid, config: {} })).status).toBe(400);
    expect((await daemon.call('GET', path)).body).toEqual(body);
  });
});

describe('a uuid that is not known is answered 404', () => {
  test.each([
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['GET', '/logs'],
  ])('%s %s', async (method, suffix) => {
    const uuid = randomUUID();
    const { status, body } = await scene().daemon.call<ErrorBody>(
      method,
      `/subscriptions/${uuid}${suffix}`,
      method === 'PUT' ? valid : undefined,
    );
    expect(status).toBe(404);
    expect(body).toMatchObject({
      error_id: 'no-such-subscription',
      message: `No such subscription: ${uuid}`,
      details: { subscription_uuid: uuid },
    });
  });

  test.each(['not-a-uuid', '__proto__', 'constructor', '%00'])('%s', async (uuid) => {
    expect((await scene().daemon.call('GET', `/subscriptions/${uuid}`)).status).toBe(404);
  });
});
