/** Plugins from the command line: written, checked, installed, told, watched. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startCli } from '../support/cli.ts';
import { freePorts } from '../support/ports.ts';
import { cliFile, packageRoot } from '../support/root.ts';
import { useScene } from '../support/scene.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { onTerminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

const scene = useScene();

/** Runs webhookd in a folder, with the daemon's configuration. */
function webhookd(
  cwd: string,
  args: string[],
  input = '',
  more = ['--config', scene().daemon.configFile],
) {
  const child = spawn(cliFile, [...args, ...more], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  child.stdin.end(input);
  return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** Without the registry: what a plugin needs is here. */
function linkTools(folder: string): void {
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(packageRoot, join(folder, 'node_modules', 'webhookd'));
  for (const tool of ['typescript', '@types/node', 'undici-types'])
    symlinkSync(join(packageRoot, 'node_modules', tool), join(folder, 'node_modules', tool));
  mkdirSync(join(folder, 'node_modules', '.bin'));
  symlinkSync(
    join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc'),
    join(folder, 'node_modules', '.bin', 'tsc'),
  );
}

/** As its author does, but for the registry: the tools it asks for are here. */
function npmInstall(folder: string): void {
  const file = join(folder, 'package.json');
  const content = JSON.parse(readFileSync(file, 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const tool of Object.keys(content.devDependencies))
    if (tool !== 'webhookd')
      content.devDependencies[tool] = `file:${join(packageRoot, 'node_modules', tool)}`;
  writeFileSync(file, JSON.stringify(content));
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  // npm would make the daemon's command executable, which it may not where that belongs to somebody else.
  expect(existsSync(join(folder, 'node_modules', '.bin', 'webhookd'))).toBe(false);
}

test.each([
  ['service', 'ts'],
  ['handler', 'ts'],
  ['service', 'js'],
  ['handler', 'js'],
])(
  'a new %s in %s passes its own test, is valid, and can be installed at once',
  async (template, language) => {
    const folder = tempFolder();
    const name = `webhookd-new-${template}-${language}`;
    const made = await webhookd(folder, [
      'plugin',
      'init',
      name,
      '--template',
      template,
      `--${language}`,
    ]);
    expect(made).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('npm install') as string,
    });
    const place = join(folder, name);
    npmInstall(place);
    const output = execFileSync('npm', ['test'], { cwd: place, encoding: 'utf8' });
    expect(output).toMatch(/# pass [12]\n# fail 0/);
    const valid = await webhookd(folder, ['plugin', 'validate', name]);
    const events = template === 'handler' ? ' of task_created, task_updated' : '';
    expect(valid).toEqual({
      status: 0,
      stdout: `✓ package.json of ${name} 0.1.0\n✓ ${template} new-${template}-${language}${events}\n`,
      stderr: '',
    });
    const installed = await webhookd(folder, ['plugin', 'install', `./${name}`]);
    expect(installed).toMatchObject({ status: 0, stderr: '' });
    expect(installed.stdout).toContain(
      template === 'handler' ? 'held: not set: AUTH_TOKEN' : 'loaded',
    );
    const again = await webhookd(folder, ['plugin', 'init', name, '--js']);
    expect(again).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is not empty/) as string,
    });
    expect((await webhookd(folder, ['plugin', 'remove', name])).status).toBe(0);
    expect((await scene().daemon.call('GET', `/plugins/${name}`)).status).toBe(404);
  },
  // npm and the compiler run several times.
  900_000,
);

const handler = (said: string) => `
import { Handler } from 'webhookd/plugin';
export default class extends Handler {
  static respondsTo = ['thing_made', 'call_craeted'];
  compute() { this.log.info('${said} ' + this.target); }
}`;

function writePlugin(folder: string, said: string, more: object = {}): void {
  writeFiles(folder, {
    'package.json': JSON.stringify({
      name: 'webhookd-things',
      version: '1.0.0',
      type: 'module',
      webhookd: { services: { things: './index.js' } },
      ...more,
    }),
    'index.js': handler(said),
  });
}

test('validate ticks what is fine, says what is not, and asks whether another event was meant', async () => {
  const folder = tempFolder();
  writePlugin(folder, 'x');
  linkTools(folder);
  const fine = await webhookd(folder, ['plugin', 'validate', '.']);
  expect(fine.status).toBe(0);
  expect(fine.stdout).toContain(
    'call_craeted is in no catalogue of events; did you mean call_created?',
  );
  writeFileSync(join(folder, 'index.js'), 'export default class {}');
  const wrong = await webhookd(folder, ['plugin', 'validate', '.']);
  expect(wrong).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(
      '✗ service things: the class has no method `callback`',
    ) as string,
  });
});

const fine = 'export const thing = 1;\n';

test.each<[string, Record<string, string>, string]>([
  [
    'an error of syntax',
    { 'index.js': `${fine}export default class {{}` },
    "index.js, line 2: Unexpected token '{'",
  ],
  [
    'one in a module it imports',
    { 'index.js': 'import "./lib/parts.js";', 'lib/parts.js': `${fine}${fine}` },
    "lib/parts.js, line 2: Identifier 'thing' has already been declared",
  ],
  [
    'one in a CommonJS module',
    { 'index.js': 'import "./old.cjs";', 'old.cjs': '\n\nconst thing = ;' },
    "old.cjs, line 3: Unexpected token ';'",
  ],
  [
    'an import of what is not exported',
    { 'index.js': `${fine}import { other } from './parts.js';`, 'parts.js': fine },
    "index.js, line 2: The requested module './parts.js' does not provide an export named 'other'",
  ],
  [
    'an import of a package that is not there',
    { 'index.js': `${fine}import { one } from 'no-such-package';` },
    "index.js, line 2: Cannot find package 'no-such-package'",
  ],
  [
    'an import of a module that is not there',
    { 'index.js': 'import "./parts.js";', 'parts.js': `${fine}\nexport * from './lib/none.js';` },
    'parts.js, line 3: Cannot find module',
  ],
  [
    'an import that leaves out the ending of the file',
    { 'index.js': `${fine}import './parts';`, 'parts.js': fine },
    'index.js, line 2: Cannot find module',
  ],
  [
    'an import of what is not there, in a module that is no file',
    { 'index.js': 'import "data:text/javascript,import%20%22no-such-package%22";' },
    'no-such-package',
  ],
  [
    'a module that throws',
    { 'index.js': `${fine}const start = () => {\n  nothing.begin();\n};\nstart();` },
    'index.js, line 3: nothing is not defined',
  ],
  [
    'an error of several lines',
    { 'index.js': `${fine}throw new Error('no licence:\\n  ask for one');` },
    'index.js, line 2: no licence: ask for one',
  ],
  [
    'a promise that fails while it is loaded',
    {
      'index.js': `${fine}void Promise.reject(new Error('no port'));\nawait new Promise(() => setInterval(() => 0, 1000));`,
    },
    'index.js, line 2: no port',
  ],
])(
  'of a plugin with %s the file and the line are named, in one line',
  async (_what, files, line) => {
    const folder = tempFolder();
    writePlugin(folder, 'x');
    writeFiles(folder, files);
    const valid = await webhookd(folder, ['plugin', 'validate', '.']);
    expect(valid).toMatchObject({ status: 1, stderr: 'webhookd: 1 of 2 checks failed\n' });
    expect(valid.stdout.split('\n').filter((one) => one !== '')).toEqual([
      '✓ package.json of webhookd-things 1.0.0',
      expect.stringMatching(/^✗ /) as string,
    ]);
    expect(valid.stdout).toContain(line);
    const installed = await webhookd(folder, ['plugin', 'install', '.']);
    expect(installed).toMatchObject({ status: 1, stdout: '' });
    expect(installed.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^webhookd: webhookd-things does not load: /) as string,
    ]);
    expect(installed.stderr).toContain(line);
  },
);

test.each<[string, object, RegExp]>([
  ['without the key', { webhookd: undefined }, /no key `webhookd`/],
  [
    'with an entry outside of the package',
    { webhookd: { services: { x: '../../x.js' } } },
    /x\.js is outside of the package/,
  ],
  [
    'of another plugin API',
    { webhookd: { services: { x: './index.js' }, engines: '^9' } },
    /wants plugin API \^9/,
  ],
  ['for another webhookd', { peerDependencies: { webhookd: '^9' } }, /wants webhookd \^9/],
  [
    'that provides what another one does',
    { webhookd: { services: { http: './index.js' } } },
    /already provides the service http/,
  ],
])('a package %s is refused, and nothing is changed', async (_what, more, reason) => {
  const folder = tempFolder();
  writePlugin(folder, 'x', more);
  const refused = await webhookd(folder, ['plugin', 'install', '.']);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(reason) as string });
  expect(refused.stderr).not.toMatch(/\n\s+at /);
  const { body } = await scene().daemon.call<{ items: { name: string }[] }>('GET', '/plugins');
  expect(body.items.map(({ name }) => name)).not.toContain('webhookd-things');
  expect(
    existsSync(join(scene().daemon.directory, 'plugins', 'installed', 'webhookd-things')),
  ).toBe(false);
});

test.each([
  ['install', /there is no such folder or tarball/],
  ['validate', /there is no package\.json/],
  ['dev', /there is no package\.json; name a plugin’s folder/],
])('%s of a folder that is not there says so in a line', async (command, reason) => {
  const { status, stdout, stderr } = await webhookd(tempFolder(), ['plugin', command, './nowhere']);
  expect(status).toBe(1);
  expect(stdout + stderr).toMatch(reason);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('install, upgrade, a version that fails, show, list, disable, enable, remove', async () => {
  const { publisher, daemon } = scene();
  const folder = tempFolder();
  writePlugin(folder, 'first');
  const run = (...args: string[]) => webhookd(folder, ['plugin', ...args]);
  expect((await run('install', '.')).stdout).toMatch(
    /^installed webhookd-things 1\.0\.0 loaded · things/,
  );
  await publisher.publish({ name: 'thing_made', data: { id: 1 } });
  await daemon.logged('first 1');
  writePlugin(folder, 'second', { version: '1.1.0' });
  expect((await run('upgrade', 'webhookd-things')).stdout).toContain('1.1.0 loaded');
  await publisher.publish({ name: 'thing_made', data: { id: 2 } });
  await daemon.logged('second 2');
  writeFileSync(join(folder, 'index.js'), 'throw new Error("no licence")');
  expect(await run('upgrade', 'webhookd-things')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/no licence/) as string,
  });
  expect((await run('show', 'webhookd-things')).stdout).toMatch(
    /version +1\.1\.0[^]*things responds to thing_made/,
  );
  expect((await run('disable', 'webhookd-things')).stdout).toContain('disabled');
  expect((await run('list')).stdout).toMatch(/webhookd-things +1\.1\.0 +disabled/);
  await daemon.stop();
  await daemon.start();
  expect((await run('list')).stdout).toMatch(/webhookd-things +1\.1\.0 +disabled/);
  expect((await run('enable', 'webhookd-things')).stdout).toContain('loaded');
  expect((await run('remove', 'webhookd-things')).stdout).toBe('removed webhookd-things\n');
  expect((await run('upgrade', 'webhookd-things')).status).toBe(1);
});

test('another install of the same plugin meanwhile takes nothing away', async () => {
  const slow = tempFolder();
  let goOn = (): void => undefined;
  const inbox = await scene().inbox((_request, response) => {
    if (inbox.requests.length === 1) goOn = () => response.end();
    else response.end();
  });
  writePlugin(slow, 'slow', { version: '2.0.0' });
  writeFileSync(join(slow, 'index.js'), `await fetch('${inbox.url}');${handler('slow')}`);
  const fast = tempFolder();
  writePlugin(fast, 'fast');
  const first = webhookd(slow, ['plugin', 'install', '.']);
  await inbox.received(1);
  expect((await webhookd(fast, ['plugin', 'install', '.'])).stdout).toContain('1.0.0 loaded');
  goOn();
  expect(await first).toMatchObject({
    stderr: '',
    stdout: expect.stringContaining('2.0.0 loaded') as string,
  });
  expect((await webhookd(fast, ['plugin', 'remove', 'webhookd-things'])).status).toBe(0);
});

test('a daemon that does not answer is not taken for none: nothing is changed', async () => {
  const folder = tempFolder();
  writePlugin(folder, 'x');
  const run = (...args: string[]) => webhookd(folder, ['plugin', ...args]);
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const elsewhere = ['--url', `http://127.0.0.1:${port}`, '--token', 'x'];
  const noAnswer = {
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^webhookd: no answer from http:.*See --url\n$/) as string,
  };
  const installed = join(scene().daemon.directory, 'plugins', 'installed', 'webhookd-things');
  expect(await run('install', '.', ...elsewhere)).toMatchObject(noAnswer);
  expect(existsSync(installed)).toBe(false);
  expect((await run('install', '.')).status).toBe(0);
  expect(await run('remove', 'webhookd-things', ...elsewhere)).toMatchObject(noAnswer);
  expect(existsSync(join(installed, 'current', 'node_modules', 'webhookd-things'))).toBe(true);
  expect((await run('remove', 'webhookd-things')).status).toBe(0);
  expect(existsSync(installed)).toBe(false);
});

test('without a daemon plugins are installed and removed, and it is said what waits for one', async () => {
  const folder = tempFolder();
  writePlugin(folder, 'x');
  const [port = 0] = await freePorts(1);
  const nobody = ['--url', `http://127.0.0.1:${port}`, '--token', 'x'];
  const run = (...args: string[]) => webhookd(folder, ['plugin', ...args, ...nobody]);
  expect(await run('install', '.')).toMatchObject({
    status: 0,
    stdout: 'installed webhookd-things 1.0.0; no daemon runs: it is loaded at the next start\n',
  });
  expect(await run('remove', 'webhookd-things')).toMatchObject({
    status: 0,
    stdout: 'removed webhookd-things; no daemon runs: its variables are kept\n',
  });
  const installed = join(scene().daemon.directory, 'plugins', 'installed', 'webhookd-things');
  expect(existsSync(installed)).toBe(false);
});

test('a plugin that cannot be used any more can be removed', async () => {
  const { daemon } = scene();
  const folder = tempFolder();
  writePlugin(folder, 'x');
  expect((await webhookd(folder, ['plugin', 'install', '.'])).status).toBe(0);
  const installed = join(daemon.directory, 'plugins', 'installed', 'webhookd-things');
  await daemon.stop();
  writePlugin(join(installed, 'current', 'node_modules', 'webhookd-things'), 'x', {
    peerDependencies: { webhookd: '^9' },
  });
  await daemon.start();
  expect((await webhookd(folder, ['plugin', 'list'])).stdout).toContain('wants webhookd ^9');
  expect(await webhookd(folder, ['plugin', 'remove', 'webhookd-things'])).toMatchObject({
    status: 0,
    stdout: 'removed webhookd-things\n',
  });
  expect(existsSync(installed)).toBe(false);
});

test('with a configuration of relative paths plugins are installed from any folder', async () => {
  const { daemon } = scene();
  const config = join(daemon.directory, 'relative.yml');
  writeFileSync(
    config,
    readFileSync(daemon.configFile, 'utf8').replaceAll(`${daemon.directory}/`, './'),
  );
  expect(readFileSync(config, 'utf8')).toContain('directory: ./plugins');
  const folder = tempFolder();
  writePlugin(folder, 'x');
  const run = (...args: string[]) =>
    webhookd(folder, ['plugin', ...args, '--config', config], '', []);
  expect((await run('install', '.')).stdout).toContain('1.0.0 loaded');
  expect(existsSync(join(folder, 'plugins'))).toBe(false);
  expect((await run('remove', 'webhookd-things')).status).toBe(0);
});

test('secrets are set from standard input, listed without their values, and unset', async () => {
  const folder = tempFolder();
  writePlugin(folder, 'x', {
    webhookd: {
      services: { things: './index.js' },
      variables: [{ name: 'KEY', secret: true, required: true }, { name: 'PLACE' }],
    },
  });
  expect((await webhookd(folder, ['plugin', 'install', '.'])).stdout).toBe(
    'installed webhookd-things 1.0.0 held: not set: KEY · things\n  webhookd secret set webhookd-things KEY\n',
  );
  const secret = (...args: string[]) => webhookd(folder, ['secret', ...args]);
  expect(
    (await webhookd(folder, ['secret', 'set', 'webhookd-things', 'KEY'], 'from-stdin\n')).status,
  ).toBe(0);
  await scene().daemon.logged('webhookd-things is loaded');
  expect((await secret('set', 'webhookd-things', 'PLACE=here')).stdout).toBe('set PLACE\n');
  const listed = await secret('list', 'webhookd-things');
  expect(listed.stdout).toMatch(/KEY +set +secret, required/);
  expect(listed.stdout).not.toContain('from-stdin');
  const { body } = await scene().daemon.call('GET', '/plugins/webhookd-things/variables/KEY');
  expect(body).toMatchObject({ is_set: true, value: null });
  expect((await secret('rekey')).stdout).toBe('1 secret encrypted anew\n');
  expect((await secret('unset', 'webhookd-things', 'KEY')).status).toBe(0);
  await scene().daemon.logged('webhookd-things is held: not set: KEY');
  expect(await secret('set', 'webhookd-things', 'NOPE=1')).toMatchObject({ status: 1 });
  expect((await webhookd(folder, ['plugin', 'show', 'webhookd-things'])).stdout).toMatch(
    /state +held/,
  );
  await webhookd(folder, ['plugin', 'remove', 'webhookd-things']);
});

test('dev loads a plugin from its folder, reloads it on save, shows its log, and leaves nothing behind', async () => {
  const { publisher, daemon } = scene();
  const folder = tempFolder();
  writePlugin(folder, 'before');
  linkTools(folder);
  const dev = startCli(['plugin', 'dev', folder, '--config', daemon.configFile]);
  await until('it watches', () => dev.stdout().includes('watching'));
  await publisher.publish({ name: 'thing_made', data: { id: 1 } });
  await until('the log is shown', () => dev.stdout().includes('before 1'));
  writeFileSync(join(folder, 'index.js'), handler('after'));
  await until('it is reloaded', () => dev.stdout().includes('reloaded (1)'));
  await publisher.publish({ name: 'thing_made', data: { id: 2 } });
  await until('the new one speaks', () => dev.stdout().includes('after 2'));
  // As vim, git and formatters do it, and then in place again.
  writeFileSync(join(folder, 'index.js~'), handler('replaced'));
  renameSync(join(folder, 'index.js~'), join(folder, 'index.js'));
  await until('it is reloaded', () => dev.stdout().includes('reloaded (2)'));
  writeFiles(folder, { 'parts/said.js': "export const said = 'first';" });
  await until('a new folder is seen', () => dev.stdout().includes('reloaded (3)'));
  writeFileSync(
    join(folder, 'index.js'),
    `import { said } from './parts/said.js';\n${handler("' + said + '")}`,
  );
  await until('it is reloaded', () => dev.stdout().includes('reloaded (4)'));
  writeFileSync(join(folder, 'parts', 'said.js'), "export const said = 'second';");
  await until('it is reloaded', () => dev.stdout().includes('reloaded (5)'));
  await publisher.publish({ name: 'thing_made', data: { id: 3 } });
  await until('the last one speaks', () => dev.stdout().includes('second 3'));
  writeFileSync(join(folder, 'index.js'), 'const thing = ;');
  await until('a mistake is told of', () =>
    dev.stderr().includes("things: index.js, line 1: Unexpected token ';'"),
  );
  dev.child.kill('SIGINT');
  expect((await dev.ended).status).toBe(0);
  expect((await daemon.call('GET', '/plugins/webhookd-things')).status).toBe(404);
});

test('dev gives back the version that was installed when its terminal is closed, and after it was killed', async () => {
  const { daemon } = scene();
  const folder = tempFolder();
  writePlugin(folder, 'x');
  expect((await webhookd(folder, ['plugin', 'install', '.'])).status).toBe(0);
  const current = join(daemon.directory, 'plugins', 'installed', 'webhookd-things', 'current');
  const installed = realpathSync(current);
  linkTools(folder);
  const dev = async (signal: NodeJS.Signals) => {
    const { child, stdout, ended } = startCli([
      ...['plugin', 'dev', folder, '--config', daemon.configFile],
    ]);
    await until('it watches', () => stdout().includes('watching'));
    expect(realpathSync(current)).not.toBe(installed);
    child.kill(signal);
    return (await ended).status;
  };
  expect(await dev('SIGHUP')).toBe(0);
  expect(realpathSync(current)).toBe(installed);
  expect(await dev('SIGKILL')).toBe(null);
  expect(await dev('SIGINT')).toBe(0);
  expect(realpathSync(current)).toBe(installed);
  expect((await webhookd(folder, ['plugin', 'remove', 'webhookd-things'])).status).toBe(0);
});

test('logs shows what was, filtered, and goes on with what comes', async () => {
  const { daemon, publisher } = scene();
  const folder = tempFolder();
  const uuid = await daemon.subscribe(['looked_for'], '', { service: 'example', config: {} });
  await publisher.publish({ name: 'looked_for', data: {} });
  await daemon.logged('example handled looked_for');
  const past = await webhookd(folder, [
    'logs',
    '--no-follow',
    '--event',
    'looked_for',
    '--since',
    '1h',
  ]);
  expect(past.stdout).toMatch(/INFO {2}\[webhookd-example\] example handled looked_for in \d+ ms/);
  const none = await webhookd(folder, [
    'logs',
    '--no-follow',
    '--event',
    'looked_for',
    '--level',
    'error',
  ]);
  expect(none.stdout).toBe('');
  const live = startCli([
    'logs',
    '--subscription',
    uuid,
    '--json',
    '--url',
    daemon.url,
    '--token',
    daemon.token,
  ]);
  await until('what was is shown', () => live.stdout().split('\n').length >= 2);
  await publisher.publish({ name: 'looked_for', data: {} });
  await until('what comes is shown', () => live.stdout().trim().split('\n').length >= 2);
  for (const line of live.stdout().trim().split('\n'))
    expect(JSON.parse(line)).toMatchObject({ subscription: uuid });
  live.child.kill('SIGTERM');
  expect((await live.ended).status).toBe(0);
  expect((await webhookd(folder, ['logs', '--since', 'yesterday-ish'])).status).toBe(2);
  expect((await daemon.call('GET', '/logs', undefined, {})).status).toBe(401);
});

test('a service that nobody provides is accepted, with a warning wherever its subscription is seen', async () => {
  const { daemon } = scene();
  const warning = 'no plugin provides the service nobody: deliveries wait';
  const run = (...args: string[]) => webhookd(tempFolder(), args);
  const made = await run(
    ...['subscription', 'create', '--json', '--event', 'x', '--service', 'nobody'],
  );
  expect(made).toMatchObject({ status: 0, stderr: `warning: ${warning}\n` });
  const { uuid = '', ...body } = JSON.parse(made.stdout) as { uuid?: string; warning?: string };
  expect(body.warning).toBe(warning);
  const subscription = (...args: string[]) => run('subscription', ...args);
  const changed = await subscription('update', uuid, '--name', 'renamed');
  expect(changed).toMatchObject({ status: 0, stderr: `warning: ${warning}\n` });
  expect(changed.stdout).toMatch(/^name +renamed$/m);
  expect(changed.stdout).not.toContain('warning');
  expect((await subscription('show', uuid)).stdout).toContain(warning);
  expect((await subscription('list')).stdout).toMatch(
    new RegExp(`nobody \\(!\\)[^]*^\\(!\\) ${warning}$`, 'm'),
  );
  expect((await run('status')).stdout).toContain(`(!) ${warning}\n`);
  expect((await daemon.call('GET', `/subscriptions/${uuid}`)).body).toMatchObject({ warning });
  const { body: status } = await daemon.call<{ plugins: { missing: string[] } }>('GET', '/status');
  expect(status.plugins.missing).toEqual(['nobody']);
  const mended = await subscription('update', uuid, '--service', 'example');
  expect(mended).toMatchObject({ status: 0, stderr: '' });
  expect((await run('status')).stdout).not.toContain('(!)');
  await daemon.call('DELETE', `/subscriptions/${uuid}`);
});

test('emit publishes samples and files; events lists what is known', async () => {
  const { daemon } = scene();
  const folder = tempFolder();
  const inbox = await scene().inbox();
  await daemon.subscribe(['call_created', 'user_edited', 'own_event'], inbox.url);
  const emitted = await webhookd(folder, [
    'emit',
    'call_created',
    '--sample',
    '--count',
    '3',
    '--rate',
    '50',
  ]);
  expect(emitted).toMatchObject({
    status: 0,
    stdout: 'published call_created 3 times to wazo-headers\n',
  });
  await inbox.received(3);
  expect(JSON.parse(inbox.requests[0]?.body ?? '')).toMatchObject({
    caller_id_name: 'Bob Tremblay',
  });
  const lines = [{ name: 'user_edited', data: { id: 7 } }, { name: 'own_event' }];
  writeFileSync(
    join(folder, 'events.ndjson'),
    lines.map((line) => JSON.stringify(line)).join('\n'),
  );
  expect((await webhookd(folder, ['emit', '--from', 'events.ndjson'])).status).toBe(0);
  await inbox.received(5);
  writeFileSync(join(folder, 'events.ndjson'), '{"name": "fine"}\n{"nam');
  const bad = await webhookd(folder, ['emit', '--from', 'events.ndjson']);
  expect(bad).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/events\.ndjson, line 2: not valid JSON/) as string,
  });
  const typo = await webhookd(folder, ['emit', 'call_craeted', '--sample']);
  expect(typo).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/did you mean call_created\?/) as string,
  });
  const events = await webhookd(folder, ['events', '--grep', 'voicemail_message', '--json']);
  expect(JSON.parse(events.stdout)).toContainEqual({
    name: 'user_voicemail_message_created',
    scope: 'user',
    service: 'calld',
    has_sample: true,
  });
  writePlugin(folder, 'x', {
    webhookd: { services: { things: './index.js' }, events: ['own_event'] },
  });
  expect((await webhookd(folder, ['plugin', 'install', '.'])).status).toBe(0);
  const own = await webhookd(folder, ['events', '--grep', 'own_event']);
  expect(own.stdout).toMatch(/own_event +plugin +webhookd-things +plain/);
  expect((await webhookd(folder, ['emit', 'own_event', '--sample'])).status).toBe(0);
  await inbox.received(6);
  await webhookd(folder, ['plugin', 'remove', 'webhookd-things']);
});

test('on a terminal, plugin init asks for what was not given, and for no more', async () => {
  const folder = tempFolder();
  const all = await onTerminal(
    folder,
    ['plugin', 'init'],
    [
      ['Name of the package', 'webhookd-asked'],
      ['service or handler?', 'servant'],
      ['service or handler? [handler]', 'service'],
      ['ts or js?', 'js'],
    ],
  );
  expect(all).toMatchObject({ status: 0 });
  const { webhookd: key, type } = JSON.parse(
    readFileSync(join(folder, 'webhookd-asked', 'package.json'), 'utf8'),
  ) as { webhookd: { services: object }; type: string };
  expect([Object.keys(key.services).length, type]).toEqual([1, 'module']);
  expect(existsSync(join(folder, 'webhookd-asked', 'tsconfig.json'))).toBe(false);

  const some = await onTerminal(
    folder,
    ['plugin', 'init', 'webhookd-other', '--ts'],
    [['service or handler?', '']],
  );
  expect(some.status).toBe(0);
  expect(some.shown).not.toMatch(/Name of the package|ts or js/);
  expect(existsSync(join(folder, 'webhookd-other', 'tsconfig.json'))).toBe(true);
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('on a terminal, %s instead of an answer ends the command, without a stack', async (_, key) => {
  const folder = tempFolder();
  const written = await onTerminal(folder, ['plugin', 'init'], [['Name of the package', key]]);
  const told = await onTerminal(
    folder,
    ['secret', 'set', 'webhookd-quiet', 'KEY', '--url', 'http://127.0.0.1:9', '--token', 'x'],
    [['KEY: ', key]],
  );
  for (const { status, shown } of [written, told]) {
    expect(status).toBe(1);
    expect(shown).toMatch(/\nwebhookd: ended without an answer\r\n$/);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('on a terminal, the value of a variable is asked for and not shown', async () => {
  const folder = tempFolder();
  const plugin = join(folder, 'webhookd-quiet');
  writeFiles(plugin, {
    'package.json': JSON.stringify({
      name: 'webhookd-quiet',
      version: '1.0.0',
      type: 'module',
      webhookd: {
        services: { quiet: './index.js' },
        variables: [{ name: 'KEY', secret: true, required: true }],
      },
    }),
    'index.js': 'export default class { callback() {} }',
  });
  expect((await webhookd(folder, ['plugin', 'install', './webhookd-quiet'])).status).toBe(0);
  const { status, shown } = await onTerminal(
    folder,
    ['secret', 'set', 'webhookd-quiet', 'KEY', '--config', scene().daemon.configFile],
    [['KEY: ', 'typed and hidden']],
  );
  expect({ status, shown }).toMatchObject({ status: 0 });
  expect(shown).toContain('set KEY');
  expect(shown).not.toContain('typed');
  const listed = await webhookd(folder, ['secret', 'list', 'webhookd-quiet']);
  expect(listed.stdout).toMatch(/KEY +set /);
});
