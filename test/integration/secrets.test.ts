/** Secrets everywhere, all kinds of work that succeeds and fails, and then a look at everything that was written. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { runCtl } from '../support/broker.ts';
import { runCli } from '../support/cli.ts';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { installPlugin } from '../support/plugins.ts';
import { TestPublisher } from '../support/publisher.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';
import { StandInWazoAuth } from '../support/wazo-auth.ts';

/** What each of them is known by; `sunken` is nowhere else. */
const secrets = {
  bus: 'sunken-bus',
  wrongBus: 'sunken-wrong-bus',
  auth: 'sunken-auth',
  proxy: 'sunken-proxy',
  variable: 'sunken-variable',
  basic: 'sunken-basic',
  bearer: 'sunken-bearer',
  header: 'sunken-header',
  key: 'sunken-key',
  urlPassword: 'sunken-url-password',
  path: 'sunken-path',
  query: 'sunken-query',
  unknownToken: 'sunken-unknown-token',
  letter: 'sunken-letter',
};
type Name = keyof typeof secrets;

/** As they are, and as basic authentication writes them. */
const formsOf = (secret: string) => {
  const bytes = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, bytes.slice(0, -1)];
};

/** Which of the secrets a text has, by name. */
function secretsIn(text: string, made: Record<string, string> = {}): string[] {
  return Object.entries({ ...secrets, ...made })
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

const plugin = 'webhookd-leaky';
const leakyCode = `export default class {
  constructor({ log, secrets }) { this.log = log; this.secrets = secrets; }
  callback(subscription, event, { secrets }) {
    const { KEY } = secrets;
    this.log.info('the key is ' + KEY, { key: KEY });
    console.error('printed ' + KEY);
    if (event.data.fail) throw new Error('cannot use ' + KEY);
    return { used: KEY };
  }
}`;

let daemon: TestDaemon;
let auth: StandInWazoAuth;
let inbox: Inbox;
let publisher: TestPublisher;
let brokerUrl = '';
/** Made by the daemon. */
const made: Record<string, string> = {};
const uuids: Record<string, string> = {};
let otherToken = '';

beforeAll(async () => {
  const url = new URL(await newVhost());
  const control = inject('brokerControl');
  const user = `user-${randomUUID()}`;
  await runCtl(control, 'add_user', user, secrets.bus);
  await runCtl(control, 'set_permissions', '-p', url.pathname.slice(1), user, '.*', '.*', '.*');
  publisher = await TestPublisher.open(url.href);
  Object.assign(url, { username: user, password: secrets.bus });
  brokerUrl = url.href;
  auth = await StandInWazoAuth.open();
  auth.credentials.password = secrets.auth;
  inbox = await Inbox.open();
  inbox.answer = ({ path }, response) =>
    response.writeHead(path.includes('fail') ? 500 : 200).end();
  daemon = new TestDaemon({
    brokerUrl,
    config: {
      log_level: 'debug',
      hook_max_attempts: 1,
      auth: { type: 'wazo', host: '127.0.0.1', port: auth.port, ...auth.credentials },
      http: {
        egress: { proxy: `http://user:${secrets.proxy}@127.0.0.1:9`, no_proxy: ['127.0.0.1'] },
      },
    },
  });
  installPlugin(join(daemon.directory, 'plugins'), plugin, {
    code: leakyCode,
    manifest: {
      services: { leaky: './index.js' },
      variables: [{ name: 'KEY', secret: true, required: true }],
    },
  });
  await daemon.start();
  made['localToken'] = daemon.token;
  otherToken = auth.addToken({ tenantUuid: auth.addTenant() });
  await work();
});

afterAll(async () => {
  await publisher.close();
  await daemon.remove();
  await inbox.close();
  await auth.close();
});

/** Everything that can go well or wrong with a secret in it. */
async function work(): Promise<void> {
  const ok = async (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => {
    const answer = await daemon.call<Record<string, string>>(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await ok('PUT', `/plugins/${plugin}/variables/KEY`, { value: secrets.variable });
  const { token = '' } = await ok(
    'POST',
    '/tokens',
    { name: 'n' },
    {
      'x-auth-token': daemon.token,
      'idempotency-key': 'one',
    },
  );
  made['token'] = token;
  await refusedRequests();

  const subscribe = async (name: string, config: object, service = 'http') => {
    const body = { name, service, events: ['sunk'], config };
    uuids[name] = (await ok('POST', '/subscriptions', body))['uuid'] ?? '';
  };
  const { port, url } = inbox;
  await subscribe('basic', {
    url,
    auth: { type: 'basic', username: 'a', password: secrets.basic },
  });
  await subscribe('bearer', { url: `${url}fail`, auth: { type: 'bearer', token: secrets.bearer } });
  await subscribe('header', { url: `${url}fail`, headers: { 'X-Api-Key': secrets.header } });
  const pem = `-----BEGIN PRIVATE KEY-----\n${secrets.key}\n-----END PRIVATE KEY-----\n`;
  await subscribe('key', {
    url: `https://127.0.0.1:${port}/`,
    client_certificate: pem.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
    client_key: pem,
  });
  await subscribe('userInUrl', { url: `http://a:${secrets.urlPassword}@127.0.0.1:${port}/fail` });
  await subscribe('badUrl', { url: `http://a:${secrets.urlPassword}@{{ "x y" }}/` });
  await subscribe('path', { url: `${url}fail/${secrets.path}?key=${secrets.query}` });
  await subscribe('template', { url: `${url}fail/{{ "${secrets.path}" }}?key=${secrets.query}` });
  await subscribe('refused', { url: `http://127.0.0.1:9/${secrets.path}?key=${secrets.query}` });
  await subscribe('proxied', { url: 'http://proxied.invalid/' });
  await subscribe('leaky', {}, 'leaky');
  for (const how of ['secret', 'secret/rotate']) {
    const method = how === 'secret' ? 'GET' : 'POST';
    const path = `/subscriptions/${uuids['basic'] ?? ''}/${how}`;
    const body = await ok(method, path, method === 'POST' ? {} : undefined);
    const shown = body['secrets'] as unknown as { secret: string }[];
    made[`signing ${how}`] = shown[0]?.secret ?? '';
  }

  await publisher.publish({ name: 'sunk', data: {} }, { name: 'sunk', data: { fail: true } });
  publisher.raw(Buffer.from(`no JSON ${secrets.letter}`), { headers: { name: 'sunk' } }, 'sunk');
  for (const [name, uuid] of Object.entries(uuids))
    await until(`two deliveries of ${name} are over`, async () => {
      const { body } = await daemon.call<{ filtered: number }>(
        'GET',
        `/subscriptions/${uuid}/logs`,
      );
      return body.filtered >= 2;
    });
  await until('the message is among the dead letters', async () => {
    const { body } = await daemon.call<{ total: number }>('GET', '/deadletter');
    return body.total === 1;
  });
  await ok('PUT', `/subscriptions/${uuids['path'] ?? ''}`, {
    name: 'changed',
    service: 'http',
    events: ['sunk'],
    config: { url: `${url}fail/${secrets.path}`, auth: { type: 'bearer', token: secrets.bearer } },
  });
  for (const name of ['userInUrl', 'leaky', 'key', 'refused'])
    await ok('POST', `/subscriptions/${uuids[name] ?? ''}/test`, {});
}

async function refusedRequests(): Promise<void> {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${daemon.url}/1.0${path}`, { headers });
  await ask('/status', { 'x-auth-token': secrets.unknownToken });
  await ask('/status', { authorization: `Bearer ${secrets.unknownToken}` });
  await ask(`/status?token=${secrets.unknownToken}`);
  await ask(`/nothing?token=${made['localToken'] ?? ''}`);
  await ask('/status', {
    authorization: `Basic ${Buffer.from(`a:${secrets.basic}`).toString('base64')}`,
  });
  auth.brokenStatus = 500;
  await ask('/status', { 'x-auth-token': secrets.unknownToken });
  auth.brokenStatus = undefined;
  for (const body of [`{"name": "${secrets.bearer}`, `["${secrets.bearer}"]`])
    await daemon.call('POST', '/tokens', body);
}

test('the log has none of them', () => {
  expect(daemon.output).toContain('request answered');
  expect(daemon.output).toContain('printed ********');
  expect(secretsIn(daemon.output, made)).toEqual([]);
});

test('nor has what is shown of the whole: configuration, status, plugins, log, metrics', async () => {
  const plugins = ['', `/${plugin}`, `/${plugin}/variables`, `/${plugin}/variables/KEY`];
  const paths = ['/config', '/status', '/logs', '/deadletter', '/metrics', '/tokens'];
  for (const path of [...paths, ...plugins.map((one) => `/plugins${one}`)]) {
    const response = await fetch(`${daemon.url}/1.0${path}`, {
      headers: { 'x-auth-token': daemon.token },
    });
    expect([path, response.status, secretsIn(await response.text(), made)]).toEqual([
      path,
      200,
      [],
    ]);
  }
});

test.each([
  ['config', 'show'],
  ['config', 'show', '--json'],
  ['status'],
  ['plugin', 'list'],
  ['secret', 'list', plugin],
  ['logs', '--limit', '5000', '--no-follow'],
  ['deadletter', 'list'],
  ['token', 'list'],
])('nor has what webhookd %s %s %s prints', async (...args) => {
  const environment = { WEBHOOKD_CONFIG: daemon.configFile };
  const { stdout, stderr, status } = await runCli(args, environment);
  expect([stderr, status, secretsIn(stdout + stderr, made)]).toEqual(['', 0, []]);
});

test('the log of attempts has no credentials: addresses as they were, but for passwords', async () => {
  const allowed: Name[] = ['path', 'query'];
  for (const [name, uuid] of Object.entries(uuids)) {
    const { body } = await daemon.call('GET', `/subscriptions/${uuid}/logs`);
    const found = secretsIn(JSON.stringify(body), made);
    expect([name, found.filter((one) => !allowed.includes(one as Name))]).toEqual([name, []]);
  }
  const { body } = await daemon.call('GET', '/deliveries');
  expect(secretsIn(JSON.stringify(body), made)).toEqual([]);
});

test('another tenant sees none of them, whatever it asks for', async () => {
  const things = Object.values(uuids).flatMap((uuid) =>
    ['', '/logs', '/secret'].map((more) => `/subscriptions/${uuid}${more}`),
  );
  const whole = ['/subscriptions?recurse=true', '/deliveries', '/config', '/logs', '/plugins'];
  const more = ['/tokens', '/deadletter', '/status', `/plugins/${plugin}/variables/KEY`];
  for (const path of [...things, ...whole, ...more]) {
    const response = await fetch(`${daemon.url}/1.0${path}`, {
      headers: { 'x-auth-token': otherToken },
    });
    expect([path, secretsIn(await response.text(), made)]).toEqual([path, []]);
  }
});

test('what the database has of plugins, signatures, tokens and answers is encrypted or a hash', () => {
  const files = readdirSync(daemon.directory).filter((name) => name.startsWith('webhookd.db'));
  const content = files
    .map((name) => readFileSync(join(daemon.directory, name), 'latin1'))
    .join('');
  // So that the search itself is known to find something.
  expect(secretsIn(content)).toContain('basic');
  const kept = ['variable', 'bus', 'auth', 'proxy', 'unknownToken'] as const;
  expect(
    secretsIn(content, made).filter((one) => one in made || kept.includes(one as 'bus')),
  ).toEqual([]);
});

test('neither the daemon nor its plugins have one among their arguments', () => {
  const argumentsOf = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  const own = String(daemon.pid);
  const children = readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ');
  expect(children.filter((pid) => pid !== '')).not.toEqual([]);
  for (const pid of [own, ...children]) expect(secretsIn(argumentsOf(pid), made)).toEqual([]);
});

test.each([
  [
    'a broker that refuses the password',
    (url: URL) => Object.assign(url, { password: secrets.wrongBus }).href,
  ],
  ['an address that is none', (url: URL) => `amqp://user:${secrets.wrongBus}@${url.host}:x/`],
])('%s is told of without it', async (_what, spoil) => {
  const other = new TestDaemon({
    brokerUrl: spoil(new URL(brokerUrl)),
    config: { log_level: 'debug' },
  });
  onTestFinished(() => other.remove());
  await other.spawn();
  await until('it says so', () => /cannot connect to the bus|bus\.url/.test(other.output));
  expect(secretsIn(other.output)).toEqual([]);
});
