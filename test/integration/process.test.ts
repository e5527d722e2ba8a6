import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../support/certificates.ts';
import { type DaemonSettings, TestDaemon } from '../support/daemon.ts';
import { Inbox, type ReceivedRequest } from '../support/inbox.ts';
import { installPlugin } from '../support/plugins.ts';
import { freePorts } from '../support/ports.ts';
import { TestPublisher } from '../support/publisher.ts';
import { RawRequest } from '../support/raw-request.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

let brokerUrl = '';

beforeAll(async () => {
  brokerUrl = await newVhost();
});

type Settings = Omit<DaemonSettings, 'brokerUrl'>;

/** Each with a queue of its own. */
function makeDaemon({ config, ...more }: Settings = {}, url = brokerUrl): TestDaemon {
  const daemon = new TestDaemon({
    brokerUrl: url,
    config: { ...config, bus: { queue_name: `queue-${randomUUID()}` } },
    ...more,
  });
  onTestFinished(() => daemon.remove());
  return daemon;
}

/** A daemon with a subscription to `slow` at an inbox that answers when it is told to. */
async function withSlowInbox(settings: Settings = {}) {
  const daemon = makeDaemon(settings);
  const inbox = await Inbox.open();
  onTestFinished(() => inbox.close());
  const answers: (() => void)[] = [];
  inbox.answer = (_request: ReceivedRequest, response) =>
    void answers.push(() => response.writeHead(200).end());
  const publisher = await TestPublisher.open(brokerUrl);
  onTestFinished(() => publisher.close());
  await daemon.start();
  const uuid = await daemon.subscribe(['slow'], inbox.url);
  await publisher.publish({ name: 'slow', data: { id: 1 } });
  await inbox.received(1);
  return { daemon, inbox, answers, publisher, uuid };
}

describe('a daemon that cannot start ends with a readable line and no stack', () => {
  test.each<[string, Settings, number, RegExp]>([
    [
      'a wrong key in the configuration',
      { config: { bsu: {} } },
      2,
      /^webhookd: \S+webhookd\.yml:1: bsu: unknown key; did you mean bus\?/,
    ],
    [
      'a wrong value in the environment',
      { environment: { WEBHOOKD__LOG_LEVEL: 'loud' } },
      2,
      /^webhookd: environment variable WEBHOOKD__LOG_LEVEL: log_level: found "loud", expected one of /,
    ],
    [
      'a certificate that is not there',
      {
        environment: {
          WEBHOOKD__REST_API__CERTIFICATE: '/nowhere/c.pem',
          WEBHOOKD__REST_API__PRIVATE_KEY: '/nowhere/k.pem',
        },
      },
      2,
      /rest_api\.certificate: \/nowhere\/c\.pem cannot be read/,
    ],
    [
      'a database that cannot be made',
      { environment: { WEBHOOKD__DATABASE__URI: 'sqlite:/proc/self/x.db' } },
      1,
      /webhookd: database\.uri: \/proc\/self\/x\.db cannot be made/,
    ],
    [
      'an address that is not this machine’s',
      { environment: { WEBHOOKD__REST_API__LISTEN: '203.0.113.1' } },
      1,
      /webhookd: rest_api\.listen, rest_api\.port: cannot listen on 203\.0\.113\.1/,
    ],
    [
      'a token file that cannot be written',
      { environment: { WEBHOOKD__AUTH__LOCAL_TOKEN_FILE: '/proc/self/token' } },
      1,
      /webhookd: auth\.local_token_file: \/proc\/self\/token cannot be written/,
    ],
    [
      'a log file that cannot be written',
      { environment: { WEBHOOKD__LOG_FILE: '/proc/self/log' } },
      1,
      /webhookd: log_file: \/proc\/self\/log cannot be written/,
    ],
  ])('%s', async (_what, settings, status, line) => {
    const daemon = makeDaemon(settings);
    await daemon.spawn();
    expect(await daemon.ended()).toBe(status);
    const said = daemon.output.split('\n').filter((text) => text !== '' && !text.startsWith('{'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(line);
    expect(daemon.output).not.toMatch(/\n\s+at /);
  });

  test('a folder of plugins that is not there is no reason', async () => {
    const daemon = makeDaemon({ environment: { WEBHOOKD__PLUGINS__DIRECTORY: '/nowhere' } });
    await daemon.start();
    expect(await daemon.stop()).toBe(0);
  });
});

test('on a terminal the log is lines for a person, all of them by the time the daemon ends', async () => {
  const daemon = makeDaemon({
    // It loads its plugins, then cannot listen, and ends.
    environment: { WEBHOOKD__REST_API__LISTEN: '203.0.113.1', TERM: 'xterm' },
    wrapper: ['sh', '-c', 'exec script --quiet --return --command "$*" /dev/null', 'sh'],
  });
  await daemon.spawn();
  expect(await daemon.ended()).toBe(1);
  expect(daemon.output).toMatch(/Z \u001b\[32mINFO \u001b\[39m [^{]* loaded: http/);
  expect(daemon.output).toMatch(/^webhookd: rest_api\.listen/m);
  expect(daemon.output).not.toContain('{"level"');
});

describe('SIGHUP', () => {
  test('takes up another log level', async () => {
    const daemon = makeDaemon();
    const code = "export default class { callback(s, e, { log }) { log.debug('a detail'); } }";
    installPlugin(join(daemon.directory, 'plugins'), 'talkative', { code });
    await daemon.start();
    const publisher = await TestPublisher.open(brokerUrl);
    onTestFinished(() => publisher.close());
    await daemon.subscribe(['said'], '', { service: 'talkative', config: {} });
    await publisher.publish({ name: 'said', data: {} });
    await daemon.logged('talkative handled said');
    expect(daemon.output).not.toContain('a detail');
    daemon.writeConfig({ log_level: 'debug' });
    daemon.signal('SIGHUP');
    await daemon.logged('configuration reloaded');
    await publisher.publish({ name: 'said', data: {} });
    expect(await daemon.logged('a detail')).toMatchObject({ level: 20, service: 'talkative' });
  });

  test('with a mistake in the configuration changes nothing, and says so', async () => {
    const daemon = makeDaemon();
    await daemon.start();
    daemon.writeConfig({ log_level: 'loud' });
    daemon.signal('SIGHUP');
    expect(await daemon.logged('configuration not reloaded')).toMatchObject({
      level: 50,
      msg: expect.stringContaining('found "loud"') as string,
    });
    expect((await daemon.call('GET', '/status')).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
  });

  test('opens the log file anew, for logrotate', async () => {
    const daemon = makeDaemon();
    const file = join(daemon.directory, 'log', 'webhookd.log');
    daemon.environment = { WEBHOOKD__LOG_FILE: file };
    await daemon.spawn();
    await until(
      'the daemon is ready',
      () => existsSync(file) && readFileSync(file, 'utf8').includes('webhookd is ready'),
    );
    renameSync(file, `${file}.1`);
    daemon.signal('SIGHUP');
    await until('a new file', () => existsSync(file) && statSync(file).size > 0);
    expect(await daemon.stop()).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('webhookd stopped');
  });
});

describe('the log file', () => {
  /** A daemon that logs to a file in a folder of its own. */
  async function logging(to?: string) {
    const daemon = makeDaemon();
    const folder = join(daemon.directory, 'log');
    const file = join(folder, 'webhookd.log');
    mkdirSync(folder);
    if (to !== undefined) symlinkSync(to, file);
    daemon.environment = { WEBHOOKD__LOG_FILE: file };
    await daemon.spawn();
    await until('the daemon is ready', async () => {
      const { status } = await fetch(`${daemon.url}/health/ready`);
      return status === 200;
    });
    return { daemon, folder, file };
  }

  test('on a full disk keeps neither deliveries nor the end waiting', async () => {
    const { daemon } = await logging('/dev/full');
    const inbox = await Inbox.open();
    onTestFinished(() => inbox.close());
    const publisher = await TestPublisher.open(brokerUrl);
    onTestFinished(() => publisher.close());
    await daemon.subscribe(['full'], inbox.url);
    await publisher.publish({ name: 'full', data: {} });
    await inbox.received(1);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output.match(/^webhookd: the log cannot be written: ENOSPC/gm)).toHaveLength(1);
  });

  test('gets what has waited when there is room', async () => {
    const { daemon, file } = await logging('/dev/full');
    rmSync(file);
    daemon.signal('SIGHUP');
    await until('it is said', () => daemon.output.includes('the log is written again'));
    expect(await daemon.stop()).toBe(0);
    const said = readFileSync(file, 'utf8').split('\n');
    for (const text of ['webhookd starts', 'webhookd is ready', 'webhookd stopped'])
      expect(said.filter((line) => line.includes(`"msg":"${text}"`))).toHaveLength(1);
  });

  test('goes on as it is when it cannot be opened anew', async () => {
    const { daemon, folder } = await logging();
    renameSync(folder, `${folder}.1`);
    writeFileSync(folder, 'a file');
    daemon.signal('SIGHUP');
    const former = join(`${folder}.1`, 'webhookd.log');
    await until('it is said', () =>
      readFileSync(former, 'utf8').includes('the log goes on in the file that was open'),
    );
    expect((await daemon.call('GET', '/status')).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
    expect(readFileSync(former, 'utf8')).toContain('webhookd stopped');
  });
});

describe('SIGTERM', () => {
  test('lets attempts in flight finish, keeps their outcome, takes nothing new, and ends with 0', async () => {
    const { daemon, inbox, answers, publisher, uuid } = await withSlowInbox();
    daemon.signal('SIGTERM');
    await daemon.logged('webhookd stops');
    await publisher.publish({ name: 'slow', data: { id: 2 } });
    answers[0]?.();
    expect(await daemon.ended()).toBe(0);
    expect(inbox.requests).toHaveLength(1);

    inbox.answer = (_request, response) => response.writeHead(200).end();
    await daemon.start();
    await inbox.received(2);
    const { body } = await daemon.call<{ items: { status: string; event: { data: unknown } }[] }>(
      'GET',
      `/subscriptions/${uuid}/logs?direction=asc`,
    );
    expect(body.items[0]).toMatchObject({ status: 'success', event: { data: { id: 1 } } });
    expect(inbox.bodies).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('cuts attempts that take too long; they are made again at the next start as if never begun', async () => {
    const { daemon, inbox, uuid } = await withSlowInbox({
      config: { delivery: { shutdown_timeout: 0.2 } },
    });
    expect(await daemon.stop()).toBe(0);
    inbox.answer = (_request, response) => response.writeHead(200).end();
    await daemon.start();
    await inbox.received(2);
    const items = await until('the log has the attempt', async () => {
      const { body } = await daemon.call<{ items: { status: string; attempts: number }[] }>(
        'GET',
        `/subscriptions/${uuid}/logs`,
      );
      return body.items.length > 0 && body.items;
    });
    expect(items).toMatchObject([{ status: 'success', attempts: 1 }]);
  });

  test('twice ends at once', async () => {
    const { daemon } = await withSlowInbox({ config: { delivery: { shutdown_timeout: 600 } } });
    daemon.signal('SIGTERM');
    await daemon.logged('webhookd stops');
    daemon.signal('SIGTERM');
    expect(await daemon.ended()).toBe(1);
  });

  test.each(['connected to the bus', 'webhookd started', 'consuming'])(
    'right after %j ends with 0',
    async (line) => {
      const daemon = makeDaemon();
      await daemon.spawn();
      await daemon.logged(line);
      expect(await daemon.stop()).toBe(0);
    },
  );

  test.each([
    '',
    'GET / HTTP/1.1\r\n',
    'POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
  ])('waits for no client that has sent %j and nothing more', async (text) => {
    const [port = 0] = await freePorts(1);
    const daemon = makeDaemon({ config: { observing: { port } } });
    await daemon.start();
    for (const { port: to } of [new URL(daemon.url), { port }]) {
      (await RawRequest.open(Number(to))).send(text);
      // It is taken in the order of connections: the first one is there as well then.
      await fetch(`http://127.0.0.1:${to}/health/live`);
    }
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output).toContain('webhookd stopped');
  });

  test('waits for no client that has not even begun with TLS', async () => {
    const { directory, ca, server } = makeAuthority();
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { certificate, key } = server;
    const daemon = makeDaemon({ config: { rest_api: { certificate, private_key: key } } });
    await daemon.start();
    const { port } = new URL(daemon.url);
    await RawRequest.open(Number(port));
    const asked = get({
      host: '127.0.0.1',
      port,
      path: '/health/live',
      ca: readFileSync(ca.certificate),
    });
    await once(asked, 'response');
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output).toContain('webhookd stopped');
  });

  test('waits for no endpoint that a subscription is tried with', async () => {
    const { daemon, inbox, answers, uuid } = await withSlowInbox();
    const tried = daemon.call('POST', `/subscriptions/${uuid}/test`, {}).catch(() => 'cut');
    await inbox.received(2);
    answers[0]?.();
    expect(await daemon.stop()).toBe(0);
    expect(await tried).toBe('cut');
    expect(daemon.output).toContain('webhookd stopped');
  });

  test('before the broker answers ends with 0 as well', async () => {
    const [port = 0] = await freePorts(1);
    const daemon = makeDaemon({}, `amqp://127.0.0.1:${port}`);
    await daemon.spawn();
    await daemon.logged('cannot connect to the bus');
    expect(await daemon.stop()).toBe(0);
  });
});

test('every attempt is a line of the log with delivery, subscription, event, status and duration', async () => {
  const { daemon, answers, uuid } = await withSlowInbox();
  answers[0]?.();
  expect(await daemon.logged('http handled slow')).toMatchObject({
    delivery: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    subscription: uuid,
    event: 'slow',
    attempt: 1,
    status: 'success',
    duration_ms: expect.any(Number) as number,
    time: expect.anything() as unknown,
  });
});
