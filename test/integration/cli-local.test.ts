import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { freePorts } from '../support/ports.ts';
import { TestPublisher } from '../support/publisher.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

let brokerUrl = '';

beforeAll(async () => {
  brokerUrl = await newVhost();
});

/** A configuration file with this content. */
function configFile(content: string): string {
  const folder = tempFolder();
  writeFiles(folder, { 'webhookd.yml': content });
  return join(folder, 'webhookd.yml');
}

describe('webhookd run', () => {
  /** The packages that a command loads, until it ends. */
  async function packagesOf(args: string[]): Promise<Set<string | undefined>> {
    const folder = tempFolder();
    await runCli(args, { NODE_V8_COVERAGE: folder });
    const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const scripts = written.flatMap(
      (text) => (JSON.parse(text) as { result: { url: string }[] }).result,
    );
    return new Set(scripts.map(({ url }) => /\/node_modules\/((@[^/]+\/)?[^/]+)/.exec(url)?.[1]));
  }

  test('keeps yargs out of the memory of the daemon', async () => {
    const file = configFile('log_level: loud');
    const packages = await packagesOf(['run', '--config', file]);
    expect(packages).toContain('ajv');
    expect(packages).not.toContain('yargs');
    expect(await packagesOf(['run', '--config', file, '--bogus'])).toContain('yargs');
  });

  test.each([
    ['with a file', ['run', '--config', 'FILE']],
    ['with a file before the command', ['-c', 'FILE', 'run']],
    ['with a spelling of yargs alone', ['run', '-c=FILE', '--no-debug']],
  ])('%s says what is wrong with it', async (_, args) => {
    const file = configFile('log_level: loud');
    const { status, stderr } = await runCli(args.map((arg) => arg.replace('FILE', file)));
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(
        new RegExp(`^webhookd: ${file}:1: log_level: found "loud", expected one of [^\\n]+\n$`),
      ) as string,
    });
  });

  test('explains a wrong option', async () => {
    const { status, stderr } = await runCli(['run', '--confg', 'x']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^webhookd: Unknown arguments?: confg\n/);
  });
});

describe('webhookd config', () => {
  test('check says that all is right', async () => {
    const { status, stdout } = await runCli([
      'config',
      'check',
      '--config',
      configFile('log_level: debug\nbus: { host: x }'),
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^The configuration is right: 2 of \d+ keys are set, the others have their defaults\.\n$/,
    );
  });

  test('check says every mistake on a line, and ends with 2', async () => {
    const file = configFile('log_level: loud\nbus: { prot: 1 }');
    const { status, stdout, stderr } = await runCli(['config', 'check', '--config', file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain(`${file}:2: bus.prot: unknown key; did you mean port?`);
    expect(stderr).toContain(`${file}:1: log_level: found "loud", expected one of`);
  });

  test('check of a file that is not there ends with 2', async () => {
    expect(await runCli(['config', 'check', '--config', '/nowhere.yml'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^webhookd: \/nowhere\.yml: cannot be read: ENOENT/) as string,
    });
  });

  test('show is a table with origins, secrets masked', async () => {
    const file = configFile('bus: { password: s3cret, url: "amqp://u:s3cret@h" }');
    const { status, stdout } = await runCli(['config', 'show', '--config', file], {
      WEBHOOKD__DEBUG: 'true',
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^KEY +VALUE +FROM\n/);
    expect(stdout).toMatch(/^debug +true +environment variable WEBHOOKD__DEBUG$/m);
    expect(stdout).toMatch(/^bus\.host +"localhost" +default$/m);
    expect(stdout).toContain(`${file}:1`);
    expect(stdout).not.toContain('s3cret');
  });

  test('show --json is a list of keys', async () => {
    const { stdout } = await runCli([
      'config',
      'show',
      '--json',
      '--config',
      configFile('bus: { password: s3cret }'),
    ]);
    expect(stdout).not.toContain('s3cret');
    expect(JSON.parse(stdout)).toContainEqual({
      key: 'log_level',
      value: 'info',
      origin: 'default',
    });
  });
});

describe('webhookd emit', () => {
  test('publishes to the exchange with data and headers, as often as told', async () => {
    const publisher = await TestPublisher.open(brokerUrl);
    const { channel } = publisher;
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'wazo-headers', '', { 'x-match': 'all', name: 'emitted' });
    const file = configFile(`bus: { url: "${brokerUrl}" }`);
    const { status, stdout, stderr } = await runCli([
      'emit',
      'emitted',
      '--data',
      '{"id":"ü"}',
      '--header',
      'tenant_uuid=t',
      '--header',
      'internal=true',
      '--count',
      '300',
      '--config',
      file,
    ]);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'published emitted 300 times to wazo-headers\n',
      stderr: '',
    });
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 300 });
    const message = await channel.get(queue, { noAck: true });
    if (message === false) throw new Error('there are messages');
    expect(JSON.parse(message.content.toString())).toMatchObject({
      name: 'emitted',
      data: { id: 'ü' },
    });
    expect(message.properties.headers).toMatchObject({
      name: 'emitted',
      tenant_uuid: 't',
      internal: true,
    });
    const json = await runCli(['emit', 'emitted', '--json', '--config', file]);
    expect(JSON.parse(json.stdout)).toEqual({
      name: 'emitted',
      count: 1,
      exchange: 'wazo-headers',
    });
    await publisher.close();
  });

  test('to a vhost that is not there fails, and shows no password', async () => {
    const file = configFile(`bus: { url: "${brokerUrl}-not" }`);
    const { status, stdout, stderr } = await runCli(['emit', 'x', '--config', file]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^webhookd: not published: /);
    expect(stderr).not.toMatch(/guest:guest|\n\s+at /);
  });

  test.each([
    ['data that are no JSON', ['--data', '{'], /^webhookd: --data: not valid JSON: /],
    [
      'a header without value',
      ['--header', 'x'],
      /^webhookd: --header: "x" is not of the form key=value/,
    ],
    [
      'a count of nothing',
      ['--count', '0'],
      /^webhookd: --count: expected a whole number of at least 1, found 0/,
    ],
    [
      'a count that is no number',
      ['--count', 'many'],
      /^webhookd: --count: expected a whole number of at least 1, found NaN/,
    ],
  ])('with %s is wrong use', async (_what, args, message) => {
    expect(await runCli(['emit', 'x', ...args, '--config', configFile('')])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(message) as string,
    });
  });
});

describe('webhookd receive', () => {
  test('prints each request for people to read, and answers as told', async () => {
    const { child, stdout, ended } = startCli([
      'receive',
      '--port',
      '0',
      '--status',
      '503',
      '--delay',
      '50',
    ]);
    const url = await until(
      'the inbox listens',
      () => /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout())?.[0],
    );
    const before = Date.now();
    const response = await fetch(`${url}hook?a=1`, {
      method: 'POST',
      headers: { 'x-mine': 'yes', 'x-odd': '\u009b2J' },
      body: '{"id":1}',
    });
    expect(response.status).toBe(503);
    expect(Date.now() - before).toBeGreaterThanOrEqual(45);
    expect(stdout()).toMatch(/POST \/hook\?a=1\n/);
    expect(stdout()).toContain('  x-mine: yes');
    expect(stdout()).toContain('  x-odd: \\u009b2J\n');
    expect(stdout()).toContain('    "id": 1\n');
    await fetch(url, { method: 'POST', body: 'clears \u001b[2J the screen' });
    expect(stdout()).toContain('  clears ?[2J the screen');
    child.kill('SIGINT');
    expect((await ended).status).toBe(0);
  });

  test('ends when it is told to, whatever still waits for its answer', async () => {
    const { child, stdout, stderr } = startCli(['receive', '--port', '0', '--delay', '600000']);
    const url = await until(
      'the inbox listens',
      () => /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout())?.[0],
    );
    const answer = fetch(`${url}waits`);
    answer.catch(() => undefined);
    await until('the request is there', () => stdout().includes('GET /waits'));
    child.kill('SIGINT');
    await until('it ends', () => child.exitCode !== null);
    expect({ status: child.exitCode, stderr: stderr() }).toEqual({ status: 0, stderr: '' });
    await expect(answer).rejects.toThrow();
  });

  test('prints a line of JSON a request with --json', async () => {
    const { child, stdout, ended } = startCli(['receive', '--port', '0', '--json']);
    const url = await until(
      'the inbox listens',
      () => /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout())?.[0],
    );
    await fetch(url, { method: 'PUT', body: 'text' });
    child.kill('SIGTERM');
    const { status, stdout: printed } = await ended;
    expect(status).toBe(0);
    const lines = printed
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { method: 'PUT', url: '/', body: 'text', headers: { 'content-length': '4' } },
    ]);
  });

  test.each([
    ['--port', '70000'],
    ['--status', '99'],
    ['--delay', '-1'],
  ])('with %s %s is wrong use', async (option, value) => {
    expect(await runCli(['receive', `${option}=${value}`])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${option}: expected a whole number from`) as string,
    });
  });

  test('on a port that is taken fails', async () => {
    const [port = 0] = await freePorts(1);
    const first = startCli(['receive', '--port', String(port)]);
    await until('the first listens', () => first.stdout().includes('listening'));
    expect(await runCli(['receive', '--port', String(port)])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`--port: cannot listen on ${port}`) as string,
    });
  });
});

describe('the command line', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['deliver']],
    ['an unknown option', ['status', '--colour']],
    ['a command without its part', ['subscription']],
    ['an unknown part', ['config', 'edit']],
    ['a missing argument', ['subscription', 'show']],
    ['a missing option', ['subscription', 'create']],
    [
      'a pair that is none',
      ['subscription', 'create', '--event', 'x', '--set', 'url', '--config', '/dev/null'],
    ],
  ])('is used wrongly with %s: status 2 and no stack', async (_what, args) => {
    const { status, stderr } = await runCli(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^webhookd: .+/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('helps, and says its version', async () => {
    const help = await runCli(['--help']);
    expect(help.status).toBe(0);
    for (const command of ['run', 'config', 'subscription', 'token', 'emit', 'receive', 'status'])
      expect(help.stdout).toContain(`webhookd ${command}`);
    expect((await runCli(['subscription', 'create', '--help'])).stdout).toContain('--event');
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
