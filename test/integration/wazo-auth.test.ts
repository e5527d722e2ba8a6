import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '../support/certificates.ts';
import { Inbox } from '../support/inbox.ts';
import { TestPublisher } from '../support/publisher.ts';
import { sampleInput } from '../support/samples.ts';
import { writeFiles } from '../support/temp.ts';
import { until } from '../support/wait.ts';
import { ownWazoScene, useWazoScene } from '../support/wazo-scene.ts';

const scene = useWazoScene();

/** Calls the API with a token of the stand-in's. */
function as(token: string | undefined, headers: Record<string, string> = {}) {
  return <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
    scene().daemon.call<T>(method, path, body, {
      ...(token === undefined ? {} : { 'x-auth-token': token }),
      ...headers,
    });
}

const unauthorized = { status: 401, body: { error_id: 'unauthorized' } };

describe('a request is allowed as wazo-auth says', () => {
  test('a token with the access may, and wazo-auth was asked for just that', async () => {
    const { auth } = scene();
    const token = auth.addToken({ acl: ['webhookd.subscriptions.read'] });
    expect((await as(token)('GET', '/subscriptions')).status).toBe(200);
    expect(auth.requests).toContain(`HEAD /0.1/token/${token}?scope=webhookd.subscriptions.read`);
    expect(await as(token)('POST', '/subscriptions', sampleInput())).toMatchObject(unauthorized);
  });

  test.each<[string, string, string]>([
    ['GET', '/subscriptions', 'webhookd.subscriptions.read'],
    ['POST', '/subscriptions', 'webhookd.subscriptions.create'],
    ['GET', '/subscriptions/a.b', 'webhookd.subscriptions.a_b.read'],
    ['PUT', '/subscriptions/a.b', 'webhookd.subscriptions.a_b.update'],
    ['DELETE', '/subscriptions/a.b', 'webhookd.subscriptions.a_b.delete'],
    ['GET', '/subscriptions/a/logs', 'webhookd.subscriptions.a.logs.read'],
    ['GET', '/subscriptions/services', 'webhookd.subscriptions.services.read'],
    ['GET', '/users/me/subscriptions', 'webhookd.users.me.subscriptions.read'],
    ['POST', '/users/me/subscriptions', 'webhookd.users.me.subscriptions.create'],
    ['GET', '/users/me/subscriptions/a', 'webhookd.users.me.subscriptions.a.read'],
    ['PUT', '/users/me/subscriptions/a', 'webhookd.users.me.subscriptions.a.update'],
    ['DELETE', '/users/me/subscriptions/a', 'webhookd.users.me.subscriptions.a.delete'],
    ['GET', '/status', 'webhookd.status.read'],
    ['GET', '/config', 'webhookd.config.read'],
    ['PATCH', '/config', 'webhookd.config.update'],
  ])('%s %s needs %s', async (method, path, access) => {
    const { auth } = scene();
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
    const others = auth.addToken({ acl: [`${access}.more`, 'webhookd.subscriptions'] });
    expect(await as(others)(method, path, body)).toMatchObject(unauthorized);
    const token = auth.addToken({ acl: [access], userUuid: randomUUID() });
    expect((await as(token)(method, path, body)).status).not.toBe(401);
  });

  test('no token, an unknown one and one that has ended are refused', async () => {
    const { auth } = scene();
    expect(await as(undefined)('GET', '/subscriptions')).toMatchObject(unauthorized);
    expect(await as(randomUUID())('GET', '/subscriptions')).toMatchObject(unauthorized);
    const ended = auth.addToken({ expiresAt: Date.now() - 1 });
    expect(await as(ended)('GET', '/subscriptions')).toMatchObject(unauthorized);
  });

  test('a token may come in the query', async () => {
    const token = scene().auth.addToken();
    expect((await as(undefined)('GET', `/subscriptions?token=${token}`)).status).toBe(200);
  });

  test('the token of the local administrator works without wazo-auth', async () => {
    const { auth, daemon } = scene();
    auth.requests.length = 0;
    expect((await daemon.call('GET', '/subscriptions?recurse=true')).status).toBe(200);
    expect(auth.requests).toEqual([]);
  });

  test('a positive answer holds for a moment, a negative one never', async () => {
    const { auth } = scene();
    const token = auth.addToken({ acl: ['webhookd.status.read'] });
    await as(token)('GET', '/status');
    await as(token)('GET', '/status');
    expect(auth.count(`HEAD /0.1/token/${token}?scope=webhookd.status.read`)).toBe(1);
    await as(token)('GET', '/subscriptions');
    auth.tokens.get(token)?.acl.push('webhookd.subscriptions.read');
    expect((await as(token)('GET', '/subscriptions')).status).toBe(200);
  });

  test('a positive answer does not outlive the token', async () => {
    const { auth } = scene();
    const token = auth.addToken({ expiresAt: Date.now() + 1_500 });
    expect((await as(token)('GET', '/status')).status).toBe(200);
    await until('it is refused', async () => (await as(token)('GET', '/status')).status === 401);
  });

  test.each([401, 500, 302])('an answer %i of wazo-auth is 503', async (status) => {
    const { auth } = scene();
    const token = auth.addToken();
    auth.brokenStatus = status;
    try {
      expect(await as(token)('GET', '/subscriptions')).toMatchObject({
        status: 503,
        body: { error_id: 'authentication-server-unreachable', details: {} },
      });
    } finally {
      auth.brokenStatus = undefined;
    }
  });

  test('no answer of wazo-auth is 503', async () => {
    const { auth } = scene();
    const token = auth.addToken();
    const port = await auth.close();
    try {
      const { status, body } = await as(token)('GET', '/subscriptions');
      expect({ status, id: body['error_id'] }).toEqual({
        status: 503,
        id: 'authentication-server-unreachable',
      });
      expect(JSON.stringify(body)).not.toContain(token);
    } finally {
      await auth.listen(port);
    }
  });
});

describe('the daemon’s own token', () => {
  test('is asked for with the configured credentials, and tells the master tenant', async () => {
    const { daemon } = scene();
    const { body } = await daemon.call('GET', '/status');
    expect(body).toMatchObject({ master_tenant: { status: 'ok' } });
  });

  test('comes from a key file, behind a prefix', async () => {
    const { auth, daemon } = await ownWazoScene(scene().brokerUrl, { prefix: '/api/auth' });
    const { username, password } = auth.credentials;
    writeFiles(daemon.directory, {
      'key.yml': `service_id: ${username}\nservice_key: ${password}\n`,
    });
    daemon.environment = {
      WEBHOOKD__AUTH__KEY_FILE: join(daemon.directory, 'key.yml'),
      WEBHOOKD__AUTH__USERNAME: 'null',
    };
    await daemon.start();
    expect(auth.count('POST /api/auth/0.1/token')).toBe(1);
  });

  test('is renewed before it ends', async () => {
    const { auth, daemon } = await ownWazoScene(scene().brokerUrl);
    auth.lifetime = 1;
    await daemon.start();
    // However short its life, it is asked for again after 8 s at the earliest.
    await until('it is renewed', () => auth.count('POST /0.1/token') >= 2);
  });

  test('without it nothing is consumed, what needs the master tenant is 503, and it is tried again', async () => {
    const { brokerUrl } = scene();
    const { auth, daemon } = await ownWazoScene(brokerUrl);
    const { password } = auth.credentials;
    auth.credentials.password = 'another';
    await daemon.spawn();
    await daemon.logged('webhookd started');
    await daemon.logged('refuses the daemon’s credentials');
    const token = auth.addToken();
    const call = (method: string, path: string, body?: unknown) =>
      daemon.call(method, path, body, { 'x-auth-token': token });
    expect(await call('GET', '/config')).toMatchObject({
      status: 503,
      body: { error_id: 'master-tenant-not-initialized' },
    });
    for (const headers of [{ 'x-auth-token': token }, { 'x-auth-token': daemon.token }])
      expect(await daemon.call('GET', '/status', undefined, headers)).toMatchObject({
        status: 200,
        body: {
          bus_consumer: { status: 'fail' },
          master_tenant: {
            status: 'fail',
            error: expect.stringContaining('credentials') as string,
          },
        },
      });
    expect(await daemon.call('GET', '/logs')).toMatchObject({
      status: 503,
      body: { error_id: 'master-tenant-not-initialized' },
    });
    expect(daemon.output).not.toContain('a secret of the daemon');
    auth.credentials.password = password;
    await daemon.ready();
    expect((await call('GET', '/status')).body).toMatchObject({ bus_consumer: { status: 'ok' } });
  });

  test('events published before the master tenant is known are delivered once it is', async () => {
    const { auth, daemon } = await ownWazoScene(scene().brokerUrl);
    await daemon.start();
    const inbox = await Inbox.open();
    const publisher = await TestPublisher.open(scene().brokerUrl);
    try {
      await daemon.subscribe(['waits_for_master'], inbox.url);
      await daemon.stop();
      auth.brokenStatus = 500;
      await daemon.spawn();
      await daemon.logged('POST token was answered 500');
      await publisher.publish({ name: 'waits_for_master', data: { id: 7 } });
      expect(inbox.requests).toEqual([]);
      auth.brokenStatus = undefined;
      const [request] = await inbox.received(1);
      expect(JSON.parse(request?.body ?? '')).toEqual({ id: 7 });
    } finally {
      await publisher.close();
      await inbox.close();
    }
  });

  test('a configured master tenant needs no token', async () => {
    const { auth, daemon } = await ownWazoScene(scene().brokerUrl, {
      master_tenant_uuid: randomUUID(),
    });
    auth.brokenStatus = 500;
    await daemon.start();
    expect((await daemon.call('GET', '/status')).body).toMatchObject({
      master_tenant: { status: 'ok' },
    });
  });
});

describe('wazo-auth over HTTPS', () => {
  const authority = makeAuthority();
  afterAll(() => rmSync(authority.directory, { recursive: true }));
  const certificate = {
    cert: readFileSync(authority.server.certificate, 'utf8'),
    key: readFileSync(authority.server.key, 'utf8'),
  };
  const own = (verify: boolean | string) =>
    ownWazoScene(scene().brokerUrl, { https: true, verify_certificate: verify }, certificate);

  test.each<[string, () => boolean | string]>([
    ['is trusted when its authority is configured', () => authority.ca.certificate],
    ['is trusted whatever its certificate when it is not to be checked', () => false],
  ])('%s', async (_what, verify) => {
    const { auth, daemon } = await own(verify());
    await daemon.start();
    const answer = await daemon.call('GET', '/subscriptions', undefined, {
      'x-auth-token': auth.addToken(),
    });
    expect(answer.status).toBe(200);
  });

  test('is not talked to when its certificate does not check out', async () => {
    const { auth, daemon } = await own(true);
    await daemon.spawn();
    await daemon.logged('no token of the daemon');
    expect(auth.requests).toEqual([]);
    expect(daemon.output).toMatch(/certificate/);
  });
});
