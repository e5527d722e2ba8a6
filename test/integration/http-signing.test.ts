/** Standard Webhooks 1.0.0: what a receiver gets, and checks. */
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { ReceivedRequest } from '../support/inbox.ts';
import { useScene } from '../support/scene.ts';
import { runCli } from '../support/cli.ts';
import { until } from '../support/wait.ts';

const scene = useScene({ config: { http: { follow_redirects: true } } });

interface Secret {
  secret: string;
  public_key: string;
  created_at: string;
  expires_at: string | null;
}

const secretsOf = async (uuid: string) =>
  (await scene().daemon.call<{ secrets: Secret[] }>('GET', `/subscriptions/${uuid}/secret`)).body
    .secrets;

const rotate = async (uuid: string, body: object = {}) =>
  (
    await scene().daemon.call<{ secrets: Secret[] }>(
      'POST',
      `/subscriptions/${uuid}/secret/rotate`,
      body,
    )
  ).body.secrets;

/** As the reference implementation does it. */
const isSignedWith = ({ secret }: Secret, { body, headers }: ReceivedRequest): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};

/** The prefix of RFC 8410 makes 32 bytes a key that Node takes. */
const publicKeyOf = ({ public_key: key }: Secret) =>
  createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(key.replace('whpk_', ''), 'base64'),
    ]),
    format: 'der',
    type: 'spki',
  });

async function deliver(name: string, more: Record<string, unknown> = {}, options = {}) {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox();
  const uuid = await daemon.subscribe([name], inbox.url, {
    config: { url: inbox.url, ...options },
    ...more,
  });
  const publish = () => publisher.publish({ name, data: { who: 'Zoë', n: 1 } });
  return { inbox, uuid, publish };
}

describe('a delivery', () => {
  test('is signed with the subscription’s own secret, over the exact bytes', async () => {
    const { inbox, uuid, publish } = await deliver('signed');
    await publish();
    const [request] = await inbox.received(1);
    const [secret, ...others] = await secretsOf(uuid);
    expect(others).toEqual([]);
    expect(secret?.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret?.secret.slice(6) ?? '', 'base64')).toHaveLength(32);
    expect(secret?.expires_at).toBeNull();
    if (request === undefined || secret === undefined) throw new Error('nothing arrived');
    expect(isSignedWith(secret, request)).toBe(true);
    expect(isSignedWith(secret, { ...request, body: `${request.body} ` })).toBe(false);
    expect(Number(request.headers['webhook-timestamp'])).toBeCloseTo(Date.now() / 1000, -2);
    expect(request.headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  });

  test('that is repeated has the same id, and the time of its attempt', async () => {
    const { inbox, uuid, publish } = await deliver('repeated', {
      delivery: { schedule: [1.2] },
    });
    inbox.answer = (_request, response) =>
      response.writeHead(inbox.requests.length === 1 ? 500 : 200).end();
    await publish();
    const [first, second] = await inbox.received(2);
    const [secret] = await secretsOf(uuid);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThan(
      Number(first?.headers['webhook-timestamp']),
    );
    for (const request of [first, second])
      if (request !== undefined && secret !== undefined)
        expect(isSignedWith(secret, request)).toBe(true);
  });

  test('may be signed with Ed25519 as well, or not at all', async () => {
    const both = await deliver('both', {}, { signatures: ['v1', 'v1a'] });
    await both.publish();
    const [request] = await both.inbox.received(1);
    const [secret] = await secretsOf(both.uuid);
    if (request === undefined || secret === undefined) throw new Error('nothing arrived');
    expect(isSignedWith(secret, request)).toBe(true);
    const [, asymmetric = ''] = String(request.headers['webhook-signature']).split(' v1a,');
    const { 'webhook-id': id, 'webhook-timestamp': time } = request.headers;
    const content = Buffer.from(`${String(id)}.${String(time)}.${request.body}`);
    const signature = Buffer.from(asymmetric, 'base64');
    expect(verify(null, content, publicKeyOf(secret), signature)).toBe(true);
    expect(verify(null, Buffer.from('x'), publicKeyOf(secret), signature)).toBe(false);

    const none = await deliver('unsigned', {}, { signatures: [] });
    await none.publish();
    const [plain] = await none.inbox.received(1);
    expect(plain?.headers['webhook-signature']).toBeUndefined();
    expect(plain?.headers['webhook-id']).toBeDefined();
  });

  test('that is sent on without its body is signed without it', async () => {
    const { inbox, uuid, publish } = await deliver('sent_on');
    inbox.answer = ({ path }, response) =>
      response.writeHead(path === '/' ? 303 : 200, path === '/' ? { location: '/next' } : {}).end();
    await publish();
    const [first, second] = await inbox.received(2);
    const [secret] = await secretsOf(uuid);
    expect(second).toMatchObject({ method: 'GET', body: '' });
    for (const request of [first, second])
      if (request !== undefined && secret !== undefined)
        expect(isSignedWith(secret, request)).toBe(true);
  });

  test('of a body that is a template, in another charset, is signed as it is sent', async () => {
    const { inbox, uuid, publish } = await deliver(
      'latin',
      {},
      { body: '{{ event.who }}', content_type: 'text/plain; charset=iso-8859-1' },
    );
    await publish();
    const [request] = await inbox.received(1);
    const [secret] = await secretsOf(uuid);
    // The inbox reads UTF-8: the bytes are those of ISO 8859-1.
    expect(request?.headers['content-length']).toBe('3');
    const { 'webhook-id': id, 'webhook-timestamp': time } = request?.headers ?? {};
    const expected = createHmac('sha256', Buffer.from(secret?.secret.slice(6) ?? '', 'base64'))
      .update(`${String(id)}.${String(time)}.`)
      .update(Buffer.from('Zoë', 'latin1'))
      .digest('base64');
    expect(request?.headers['webhook-signature']).toBe(`v1,${expected}`);
  });
});

test('a secret is made with its subscription, before anybody asks for it', async () => {
  const { uuid } = await deliver('made');
  const database = new Database(scene().daemon.databaseFile, { readonly: true });
  const kept = database.prepare('SELECT 1 FROM signing_keys WHERE subscription_uuid = ?').pluck();
  await until('the store has a secret', () => kept.get(uuid) === 1);
  database.close();
});

describe('a secret that is rotated', () => {
  test('twice at once is rotated twice', async () => {
    const { uuid } = await deliver('rotated_twice');
    const [former] = await secretsOf(uuid);
    const [one, other] = await Promise.all([rotate(uuid), rotate(uuid)]);
    const known = (await secretsOf(uuid)).map(({ secret }) => secret);
    expect(known).toHaveLength(3);
    expect(known).toEqual(
      expect.arrayContaining([one[0]?.secret, other[0]?.secret, former?.secret]),
    );
  });

  test('signs too until its time is up', async () => {
    const { inbox, uuid, publish } = await deliver('rotated');
    const [former] = await secretsOf(uuid);
    const [next, old] = await rotate(uuid);
    expect(old?.secret).toBe(former?.secret);
    const left = Date.parse(old?.expires_at ?? '') - Date.now();
    expect(left).toBeGreaterThan(86_000_000);
    expect(left).toBeLessThan(86_401_000);
    await publish();
    const [request] = await inbox.received(1);
    if (request === undefined || next === undefined || old === undefined)
      throw new Error('nothing arrived');
    expect(isSignedWith(next, request)).toBe(true);
    expect(isSignedWith(old, request)).toBe(true);
    expect(String(request.headers['webhook-signature']).split(' ')).toHaveLength(2);
  });

  test('signs no more after the time that was asked for', async () => {
    const { inbox, uuid, publish } = await deliver('rotated_soon');
    const [former] = await secretsOf(uuid);
    await rotate(uuid, { overlap: 1 });
    await until('the former secret has ended', async () => (await secretsOf(uuid)).length === 1);
    await publish();
    const [request] = await inbox.received(1);
    if (request === undefined || former === undefined) throw new Error('nothing arrived');
    expect(isSignedWith(former, request)).toBe(false);
    expect(String(request.headers['webhook-signature']).split(' ')).toHaveLength(1);
  });

  test('survives a restart, and is kept encrypted', async () => {
    const { uuid } = await deliver('kept');
    await rotate(uuid);
    const before = await secretsOf(uuid);
    await scene().daemon.stop();
    await scene().daemon.start();
    expect(await secretsOf(uuid)).toEqual(before);
    const kept = readFileSync(scene().daemon.databaseFile, 'latin1');
    expect(kept).not.toContain(before[0]?.secret.slice(6));
  });

  test('is not lost by a start without the key', async () => {
    const { daemon } = scene();
    const { uuid } = await deliver('locked');
    const before = await secretsOf(uuid);
    const key = join(daemon.directory, 'secret.key');
    await daemon.stop();
    renameSync(key, `${key}.elsewhere`);
    await daemon.spawn();
    expect(await daemon.ended()).toBe(2);
    expect(daemon.output).toContain(`${key} is not there: put that key back`);
    expect(existsSync(key)).toBe(false);
    renameSync(`${key}.elsewhere`, key);
    await daemon.start();
    expect(await secretsOf(uuid)).toEqual(before);
  });
});

test('the command line shows and rotates secrets', async () => {
  const { daemon } = scene();
  const { uuid } = await deliver('by_cli');
  const cli = (...args: string[]) =>
    runCli(['subscription', 'secret', uuid, ...args, '--config', daemon.configFile]);
  const [secret] = await secretsOf(uuid);
  expect((await cli()).stdout).toContain(secret?.secret);
  const { status, stdout } = await cli('--rotate', '--overlap', '60');
  expect(status).toBe(0);
  expect(stdout).toContain(secret?.secret);
  expect(await secretsOf(uuid)).toHaveLength(2);
});
