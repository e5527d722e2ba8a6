import { describe, expect, test } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { freePorts } from '../support/ports.ts';
import { otherTenant } from '../support/samples.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({ config: { hook_max_attempts: 1 } });

/** A command against the daemon, found by its configuration. */
const cli = (...args: string[]) => runCli([...args, '--config', scene().daemon.configFile]);

/** What it prints with --json. */
async function json<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await cli(...args, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface Shown {
  uuid: string;
  name: string;
  events: string[];
  config: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

const create = (...args: string[]) =>
  json<Shown>(
    'subscription',
    'create',
    '--event',
    'call_created',
    '--set',
    'url=http://127.0.0.1:9/',
    ...args,
  );

describe('webhookd subscription', () => {
  test('options of deliveries are given, changed and taken away; help names them all', async () => {
    const made = await create('--delivery', 'rate_limit=5', '--delivery', 'ordered=true');
    expect(made).toMatchObject({ delivery: { rate_limit: 5, ordered: true } });
    const changed = await json<{ delivery: object }>(
      'subscription',
      'update',
      made.uuid,
      '--delivery',
      'rate_limit=null',
      '--delivery',
      'schedule=[1,2]',
    );
    expect(changed.delivery).toEqual({ ordered: true, schedule: [1, 2] });
    const { stdout } = await runCli(['subscription', 'create', '--help']);
    for (const key of ['schedule', 'max_attempts', 'timeout', 'connect_timeout', 'max_in_flight'])
      expect(stdout).toContain(`  ${key}: `);
    for (const key of ['rate_limit', 'ordered']) expect(stdout).toContain(`  ${key}: `);
  });

  test('null takes an option of the service, or what was to be remembered, away; the rest stays', async () => {
    const made = await create('--service', 'example', '--set', 'sleep_time=1', '--metadata', 'a=1');
    const changed = await json<object>(
      ...['subscription', 'update', made.uuid, '--set', 'url=null', '--set', 'more=2'],
      ...['--metadata', 'a=null', '--metadata', 'b=2'],
    );
    expect(changed).toMatchObject({ config: { sleep_time: 1, more: 2 }, metadata: { b: 2 } });
    expect(changed).not.toHaveProperty('config.url');
    expect(changed).not.toHaveProperty('metadata.a');
  });

  test('create, show, update, list and delete, in JSON', async () => {
    const user = '22222222-2222-4222-8222-222222222222';
    const made = await create(
      '--name',
      'mine',
      '--event',
      'call_ended',
      '--set',
      'method=put',
      '--metadata',
      'team=a',
      '--user',
      user,
    );
    expect(made).toMatchObject({
      name: 'mine',
      service: 'http',
      events: ['call_created', 'call_ended'],
      config: { url: 'http://127.0.0.1:9/', method: 'put' },
      metadata: { team: 'a' },
      events_user_uuid: user,
    });
    expect(await json('subscription', 'show', made.uuid)).toEqual(made);
    const changed = await json<Shown>(
      'subscription',
      'update',
      made.uuid,
      '--event',
      'other',
      '--set',
      'body=hello',
    );
    expect(changed).toMatchObject({
      name: 'mine',
      events: ['other'],
      events_user_uuid: user,
      metadata: { team: 'a' },
    });
    expect(
      (await json<Shown[]>('subscription', 'list')).find(({ uuid }) => uuid === made.uuid),
    ).toEqual(changed);
    expect((await cli('subscription', 'delete', made.uuid)).stdout).toBe(`deleted ${made.uuid}\n`);
    expect((await json<Shown[]>('subscription', 'list')).map(({ uuid }) => uuid)).not.toContain(
      made.uuid,
    );
  });

  test('create takes the events for a name, and prints lines for people', async () => {
    const { status, stdout } = await cli(
      'subscription',
      'create',
      '--event',
      'a',
      '--event',
      'b',
      '--set',
      'url=http://x',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^name +a, b$/m);
    expect(stdout).toMatch(/^uuid +[0-9a-f-]{36}$/m);
  });

  test('list is a table for people', async () => {
    const { uuid } = await create('--name', 'listed');
    const { stdout } = await cli('subscription', 'list');
    expect(stdout.split('\n')[0]).toMatch(/^UUID +NAME +SERVICE +EVENTS$/);
    expect(stdout).toMatch(new RegExp(`^${uuid} +listed +http +call_created$`, 'm'));
  });

  test('options may be JSON values', async () => {
    const made = await json<Shown>(
      'subscription',
      'create',
      '--event',
      'x',
      '--service',
      'example',
      '--set',
      'count=5',
      '--set',
      'list=["a"]',
      '--set',
      'text=007a',
      '--set',
      'eq=a=b',
    );
    expect(made.config).toMatchObject({ count: 5, list: ['a'], text: '007a', eq: 'a=b' });
  });

  test('logs shows the attempts', async () => {
    const { publisher, daemon } = scene();
    const inbox = await scene().inbox((_request, response) => response.writeHead(404).end());
    const uuid = await daemon.subscribe(['for_logs'], inbox.url);
    await publisher.publish({ name: 'for_logs', data: {} });
    await scene().attempts(uuid, 1);
    const { stdout } = await cli('subscription', 'logs', uuid);
    expect(stdout.split('\n')[0]).toMatch(/^STARTED +MS +STATUS +ATTEMPT +EVENT +DETAIL$/);
    expect(stdout).toMatch(/failure +1\/1 +for_logs +404 Client Error: Not Found/);
    expect(await json('subscription', 'logs', uuid, '--limit', '1')).toMatchObject([
      { status: 'failure', attempts: 1 },
    ]);
  });
});

describe('what others wrote tells a terminal nothing', () => {
  /** Line ends are the command's own. */
  const control = /[^\P{Cc}\n]/u;
  const clear = '\u001b[2J';

  test('in tables, in lines of one thing and in the log', async () => {
    const { publisher, daemon } = scene();
    const inbox = await scene().inbox((_request, response) =>
      response.socket?.end(`HTTP/1.1 500 ${clear}gone\r\n\r\n`, 'latin1'),
    );
    const event = `${clear}\u009b2Jodd`;
    const name = `${clear}mine\nforged`;
    const uuid = await daemon.subscribe([event], inbox.url, { name });
    await publisher.publish({ name: event, data: {} });
    await scene().attempts(uuid, 1);
    for (const [args, shown] of [
      [['subscription', 'logs', uuid], /500 Server Error: \\u001b\[2Jgone/],
      [['subscription', 'list'], /\\u001b\[2Jmine\\u000aforged/],
      [['subscription', 'show', uuid], /^name +\\u001b\[2Jmine\\u000aforged$/m],
      [['delivery', 'list', '--subscription', uuid], /\\u001b\[2J\\u009b2Jodd/],
      [['logs', '--no-follow', '--subscription', uuid], /\\u001b\[2J\\u009b2Jodd/],
    ] as const) {
      const { stdout } = await cli(...args);
      expect(stdout).toMatch(shown);
      expect(stdout).not.toMatch(control);
    }
    expect((await json<Shown>('subscription', 'show', uuid)).name).toBe(name);
  });

  test('in the reason of a failure, which keeps its lines', async () => {
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(400).end(
        JSON.stringify({
          message: `no ${clear}`,
          details: { name: { message: `not ${clear}` } },
        }),
      ),
    );
    expect(await runCli(['status', '--url', inbox.url, '--token', 'x'])).toMatchObject({
      stderr: 'webhookd: no \\u001b[2J (400)\n  name: not \\u001b[2J\n',
    });
  });
});

describe('webhookd logs', () => {
  test('shows a character whole that comes in two parts', async () => {
    const line = (msg: string) => `data: ${JSON.stringify({ level: 30, time: 0, msg })}\n\n`;
    const sent = Buffer.from(line('first') + line('Zürich'));
    const middle = sent.indexOf('ü') + 1;
    const inbox = await scene().inbox((_request, response) => {
      response.write(sent.subarray(0, middle));
      void until('the first line is shown', () => stdout().includes('first')).then(() =>
        response.end(sent.subarray(middle)),
      );
    });
    const { stdout, ended } = startCli(['logs', '--url', inbox.url, '--token', 'x']);
    expect(await ended).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Zürich') as string,
    });
  });
});

describe('webhookd token', () => {
  test('create prints the token alone, list shows it without itself, revoke ends it', async () => {
    const { stdout } = await cli('token', 'create', 'for a test', '--tenant', otherTenant);
    expect(stdout).toMatch(/^whd_[\w-]{43}\n$/);
    const token = stdout.trim();
    const status = () => runCli(['status', '--url', scene().daemon.url, '--token', token]);
    expect((await status()).status).toBe(0);

    const listed = await cli('token', 'list');
    expect(listed.stdout.split('\n')[0]).toMatch(/^UUID +NAME +TENANT +USER +ACL +CREATED$/);
    expect(listed.stdout).not.toContain(token);
    const tokens = await json<{ uuid: string; name: string; tenant_uuid: string }[]>(
      'token',
      'list',
    );
    expect(tokens.map(({ name }) => name)).toContain('local administrator');
    expect(tokens.find(({ name }) => name === 'local administrator')?.tenant_uuid).toBe(null);
    const own = tokens.find(({ name }) => name === 'for a test');
    expect(own?.tenant_uuid).toBe(otherTenant);

    expect((await cli('token', 'revoke', own?.uuid ?? '')).stdout).toBe(`revoked ${own?.uuid}\n`);
    expect(await status()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('401') as string,
    });
  });

  test('create --json has the token with its uuid', async () => {
    expect(await json('token', 'create', 'x')).toMatchObject({
      token: expect.stringMatching(/^whd_/) as string,
      uuid: expect.any(String) as string,
      tenant_uuid: null,
    });
  });
});

describe('webhookd status', () => {
  test('shows every part, and ends with 0 when all is well', async () => {
    const { status, stdout } = await cli('status');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^bus_consumer +ok/m);
    expect(await json('status')).toMatchObject({ store: { status: 'ok' } });
  });

  test('finds the daemon by environment too', async () => {
    const { daemon } = scene();
    expect(
      (await runCli(['status'], { WEBHOOKD_URL: daemon.url, WEBHOOKD_TOKEN: daemon.token })).status,
    ).toBe(0);
    expect((await runCli(['status'], { WEBHOOKD_CONFIG: daemon.configFile })).status).toBe(0);
  });
});

describe('a command that fails ends with 1 and says why, without a stack', () => {
  test('a uuid that is not known', async () => {
    expect(await cli('subscription', 'show', 'nobody')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'webhookd: No such subscription: nobody (404)\n',
    });
    expect((await cli('subscription', 'delete', 'nobody')).status).toBe(1);
    expect((await cli('token', 'revoke', 'nobody')).status).toBe(1);
  });

  test('a subscription that does not fit: with the fields', async () => {
    const { status, stderr } = await cli(
      'subscription',
      'create',
      '--event',
      'x',
      '--set',
      'url=ftp://x',
      '--set',
      'method=jump',
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^webhookd: Sent data is invalid: .* \(400\)\n {2}config\.url: .*\n {2}config\.method: .*\n$/,
    );
  });

  test('a wrong token: with the place of the right one', async () => {
    const { status, stderr } = await cli('status', '--token', 'wrong');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^webhookd: The token is not valid \(401\)\n {2}The local administrator’s token is in .*local-token/,
    );
  });

  test('no daemon there', async () => {
    const [port = 0] = await freePorts(1);
    const { status, stderr } = await runCli([
      'status',
      '--url',
      `http://127.0.0.1:${port}`,
      '--token',
      'x',
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^webhookd: no answer from http:\/\/127\.0\.0\.1:\d+: .*; is the daemon running\? See --url\n$/,
    );
  });

  test('somebody else there', async () => {
    const inbox = await scene().inbox((_request, response) => response.end('<html>'));
    const { status, stderr } = await runCli(['status', '--url', inbox.url, '--token', 'x']);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('does not answer with JSON: is that a webhookd?') as string,
    });
  });

  test('somebody else there, who is to show a log', async () => {
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(404).end('<html>'),
    );
    expect(await runCli(['logs', '--url', inbox.url, '--token', 'x'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^webhookd: .* does not answer with JSON: .*\?\n$/) as string,
    });
  });
});
