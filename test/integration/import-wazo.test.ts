import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { freePorts } from '../support/ports.ts';
import { TestPostgres } from '../support/postgres.ts';
import { otherTenant, ownDefaults } from '../support/samples.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();
let postgres: TestPostgres;

/** The tables as wazo-webhookd's migrations leave them. */
const tables = `
CREATE TABLE webhookd_subscription (
  uuid varchar(38) PRIMARY KEY, name text, service text, events_user_uuid varchar(36),
  events_wazo_uuid varchar(36), owner_user_uuid varchar(36), owner_tenant_uuid varchar(36) NOT NULL);
CREATE TABLE webhookd_subscription_event (
  uuid varchar(38) PRIMARY KEY, subscription_uuid varchar(38) REFERENCES webhookd_subscription,
  event_name text NOT NULL);
CREATE TABLE webhookd_subscription_option (
  uuid varchar(38) PRIMARY KEY, subscription_uuid varchar(38) REFERENCES webhookd_subscription,
  name text NOT NULL, value text);
CREATE TABLE webhookd_subscription_metadatum (
  uuid varchar(38) PRIMARY KEY, subscription_uuid varchar(38) REFERENCES webhookd_subscription,
  key text NOT NULL, value text);`;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres.stop());

interface Made {
  uuid: string;
  name: string;
  service: string;
  events: string[];
  config: Record<string, string | null>;
  events_user_uuid: string | null;
  events_wazo_uuid: string | null;
  owner_user_uuid: string | null;
  owner_tenant_uuid: string;
  metadata: Record<string, string>;
}

const subscription = (more: Partial<Made> = {}): Made => ({
  uuid: randomUUID(),
  name: 'from wazo',
  service: 'http',
  events: ['call_created', 'call_ended'],
  config: { url: 'https://a.example/', method: 'post' },
  events_user_uuid: null,
  events_wazo_uuid: null,
  owner_user_uuid: null,
  owner_tenant_uuid: otherTenant,
  metadata: {},
  ...more,
});

/** A database with these; its name. */
async function databaseWith(...all: Made[]): Promise<string> {
  const name = `wazo_${randomUUID().replaceAll('-', '')}`;
  await postgres.run('postgres', `CREATE DATABASE ${name}`);
  await postgres.run(name, tables);
  for (const { uuid, events, config, metadata, ...row } of all) {
    await postgres.run(
      name,
      'INSERT INTO webhookd_subscription VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [
        uuid,
        row.name,
        row.service,
        row.events_user_uuid,
        row.events_wazo_uuid,
        row.owner_user_uuid,
        row.owner_tenant_uuid,
      ],
    );
    const add = (table: string, ...values: unknown[]) =>
      postgres.run(
        name,
        `INSERT INTO webhookd_subscription_${table} VALUES ($1, $2, ${values.map((_, n) => `$${n + 3}`).join(', ')})`,
        [randomUUID(), uuid, ...values],
      );
    for (const event of events) await add('event', event);
    for (const [key, value] of Object.entries(config)) await add('option', key, value);
    for (const [key, value] of Object.entries(metadata)) await add('metadatum', key, value);
  }
  return name;
}

const importWazo = (...args: string[]) =>
  runCli(['import', 'wazo', '--config', scene().daemon.configFile, ...args]);

const show = async (uuid: string) =>
  (await scene().daemon.call<Made>('GET', `/subscriptions/${uuid}`)).body;

describe('webhookd import wazo --from the database', () => {
  test('takes subscriptions over with uuid, options, metadata and owners, in force at once', async () => {
    const user = randomUUID();
    const inbox = await scene().inbox();
    const events = [`event_${randomUUID()}`];
    const plain = subscription({ metadata: { city: 'Lyon', empty: '' } });
    const owned = subscription({
      events_user_uuid: user,
      owner_user_uuid: user,
      events_wazo_uuid: randomUUID(),
      config: { url: 'https://a.example/{{ event.id }}', method: 'PUT', body: null },
    });
    const working = subscription({ events, config: { url: inbox.url, method: 'post' } });
    const database = await databaseWith(plain, owned, working);

    const { status, stdout, stderr } = await importWazo('--from', postgres.uri(database));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('3 created, 0 updated, 0 unchanged, 0 refused\n');
    expect(await show(plain.uuid)).toEqual({ ...plain, ...ownDefaults });
    expect(await show(owned.uuid)).toEqual({
      ...ownDefaults,
      ...owned,
      config: { url: 'https://a.example/{{ event.id }}', method: 'put' },
    });
    const [name = ''] = events;
    await scene().publisher.publish({
      name,
      data: { id: 1 },
      headers: { tenant_uuid: otherTenant },
    });
    await inbox.received(1);
  });

  test('may be repeated: what is there stays, what changed is changed', async () => {
    const [one, two] = [subscription(), subscription()];
    const database = await databaseWith(one, two);
    const uri = postgres.uri(database);
    await importWazo('--from', uri);
    expect((await importWazo('--from', uri)).stdout).toMatch(/^0 created, 0 updated, 2 unchanged/);
    await postgres.run(database, 'UPDATE webhookd_subscription SET name = $1 WHERE uuid = $2', [
      'renamed',
      two.uuid,
    ]);
    expect((await importWazo('--from', uri)).stdout).toMatch(/^0 created, 1 updated, 1 unchanged/);
    expect((await show(two.uuid)).name).toBe('renamed');
  });

  test('--dry-run says what would be, and changes nothing', async () => {
    const one = subscription();
    const { stdout } = await importWazo(
      '--dry-run',
      '--from',
      postgres.uri(await databaseWith(one)),
    );
    expect(stdout).toBe('would be taken over: 1 created, 0 updated, 0 unchanged, 0 refused\n');
    expect(await show(one.uuid)).toMatchObject({ error_id: 'no-such-subscription' });
  });

  test('tells what is refused and why, takes the others, and ends with status 1', async () => {
    const good = subscription();
    const bad = subscription({ name: 'broken', config: { url: '{{ never ends', method: 'post' } });
    const odd = subscription({ service: 'carrier-pigeon', config: { loft: '3' } });
    const { status, stdout, stderr } = await importWazo(
      '--from',
      postgres.uri(await databaseWith(good, bad, odd)),
    );
    expect(status).toBe(1);
    expect(stdout).toContain('2 created, 0 updated, 0 unchanged, 1 refused\n');
    expect(stdout).toMatch(new RegExp(`refused ${bad.uuid} \\(broken\\): config.url: .*template`));
    expect(stdout).toContain('nobody provides the service carrier-pigeon here');
    expect(stderr).toBe('webhookd: 1 of 3 were refused\n');
    expect((await show(good.uuid)).uuid).toBe(good.uuid);
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['no such tables', () => Promise.resolve(postgres.uri('postgres')), /webhookd_subscription/],
    ['no such database', () => Promise.resolve(postgres.uri('nowhere')), /nowhere/],
    [
      'no server',
      async () => `postgresql://me:secret@127.0.0.1:${(await freePorts(1))[0] ?? 0}/x`,
      /ECONNREFUSED/,
    ],
  ])('with %s: one line without the password', async (_what, uri, reason) => {
    const from = await uri();
    const { status, stderr } = await importWazo('--from', from);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^webhookd: the database .*\n$/);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('secret');
  });

  test.each([
    [[], /give one of --from/],
    [['--from', 'mysql://x/y'], /expected postgresql:/],
    [['--from-api', 'http://127.0.0.1:9'], /needs --token/],
    [['--from-api', 'nowhere', '--token', 'x'], /not an address/],
  ])('used as %j: status 2', async (args, reason) => {
    const { status, stderr } = await importWazo(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(reason);
  });
});

describe('webhookd import wazo --from-api', () => {
  /** The part of the old daemon's API that is asked. */
  async function oldDaemon(items: Made[], token: string): Promise<string> {
    const server = createServer((request, response) => {
      const isRight =
        request.url === '/1.0/subscriptions?recurse=true' &&
        request.headers['x-auth-token'] === token;
      response
        .writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify(isRight ? { items, total: items.length } : {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('takes over what the token may see', async () => {
    const many = Array.from({ length: 150 }, () =>
      subscription({ config: { url: 'https://a.example/', body: 'x'.repeat(8_000) } }),
    );
    const address = await oldDaemon(many, 'the old token');
    const { status, stdout } = await importWazo('--from-api', address, '--token', 'the old token');
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '150 created, 0 updated, 0 unchanged, 0 refused\n',
    });
    const last = many.at(-1);
    expect(await show(last?.uuid ?? '')).toMatchObject({ owner_tenant_uuid: otherTenant });
  });

  test('says when the token is refused, or the other side is none', async () => {
    const address = await oldDaemon([], 'right');
    const refused = await importWazo('--from-api', `${address}/1.0`, '--token', 'wrong');
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('refuses the token (401)') as string,
    });
    const [port = 0] = await freePorts(1);
    const nobody = await importWazo('--from-api', `http://127.0.0.1:${port}`, '--token', 'x');
    expect(nobody).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no answer from') as string,
    });
  });
});

test('an import is for the master tenant', async () => {
  const { daemon } = scene();
  const headers = { 'x-auth-token': daemon.token, 'wazo-tenant': otherTenant };
  const body = { subscriptions: [] };
  expect((await daemon.call('POST', '/subscriptions/import', body, headers)).status).toBe(401);
});
