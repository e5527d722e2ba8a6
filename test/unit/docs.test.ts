/** What is written agrees with what is built. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { errorTable } from '../../dist/api/errors.js';
import { valueKeys } from '../../dist/config/keys.js';
import { renderPages } from '../../scripts/docs/pages.ts';
import { loadText } from '../support/config.ts';
import { packageRoot } from '../support/root.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');

const pagesIn = (folder: string) =>
  readdirSync(join(packageRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const documents = [
  '.',
  'docs',
  'docs/reference',
  'plugins/http',
  'plugins/example',
  'plugins/task-webhook',
].flatMap(pagesIn);

test('the pages made from the code are fresh', async () => {
  for (const [path, content] of Object.entries(await renderPages())) {
    expect(read(path), `${path} is stale; refresh it with: npm run docs`).toBe(content);
  }
});

test('config/webhookd.yml gives exactly the defaults', () => {
  const folder = tempFolder();
  const { values, origins } = loadText({ main: read('config/webhookd.yml') }, folder);
  expect(values).toEqual(loadText({ main: '' }, folder).values);
  expect([...origins.values()].filter((origin) => origin.includes('webhookd.yml'))).toEqual([]);
});

test('so it does with every key taken out of its comment, and none is missing', () => {
  const text = read('config/webhookd.yml').replace(/^( *)#(?=[a-z_]+:)/gm, '$1');
  const keys = [...valueKeys()].map(({ path }) => path.join('.'));
  const valueAt = (path: string) =>
    path
      .split('.')
      .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], parse(text));
  for (const { path, schema } of valueKeys()) {
    expect(valueAt(path.join('.')), path.join('.')).toEqual(schema.default);
  }
  const folder = tempFolder();
  const { values, origins } = loadText({ main: text }, folder);
  expect(values).toEqual(loadText({ main: '' }, folder).values);
  const fromFile = [...origins].filter(([, origin]) => origin.includes('webhookd.yml'));
  // The directory of extra files is set by the test's environment.
  expect(fromFile.map(([key]) => key)).toEqual(keys.filter((key) => key !== 'extra_config_files'));
});

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

test.each(documents)('every relative link in %s leads somewhere', (document) => {
  const text = read(document).replace(/^```[^]*?^```/gm, '');
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const file =
      path === '' ? join(packageRoot, document) : join(packageRoot, dirname(document), path);
    expect(existsSync(file), `${target} in ${document}`).toBe(true);
    if (anchor !== undefined)
      expect(anchorsOf(readFileSync(file, 'utf8')), target).toContain(anchor);
  }
});

test('every error of the API is documented with its status', () => {
  const page = read('docs/reference/errors.md');
  for (const [id, status] of Object.entries(errorTable)) {
    expect(page).toMatch(new RegExp(`\\| \`${id}\` \\| ${status} \\| \\S`));
  }
});

test('every key of the configuration that a guide names exists', () => {
  const sections = new Set(
    [...valueKeys()].flatMap(({ path }) => (path.length > 1 ? [path[0] ?? ''] : [])),
  );
  const known = new Set(
    [...valueKeys()].flatMap(({ path }) => path.map((_, end) => path.slice(0, end + 1).join('.'))),
  );
  const pattern = new RegExp(`\`((?:${[...sections].join('|')})(?:\\.(?!id\`)[a-z_]+)+)\``, 'g');
  for (const document of documents) {
    for (const [, key = ''] of read(document).matchAll(pattern))
      expect([...known], document).toContain(key);
  }
});

test('every option that a document gives to a command is one of that command', () => {
  const commands = new Map(
    read('docs/reference/cli.md')
      .split(/^## `webhookd /m)
      .map((section) => [section.slice(0, section.indexOf('`')), section]),
  );
  for (const document of documents) {
    for (const [line, words = ''] of read(document).matchAll(
      /\bwebhookd((?: [a-z][a-z-]*)+)[^\n`#|]*/g,
    )) {
      const parts = words.trim().split(' ');
      while (parts.length > 0 && !commands.has(parts.join(' '))) parts.pop();
      const help = commands.get(parts.join(' ')) ?? '';
      for (const [option] of line.matchAll(/--[a-z][a-z-]*/g))
        expect(help, `${line} in ${document}`).toContain(` ${option.replace('--no-', '--')} `);
    }
  }
});

test('the plugin of the guide works, and so does its test', () => {
  const folder = tempFolder();
  const blocks = [...read('docs/plugins.md').matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```/gm)];
  const manifest = /^```json\n([^]*?)^```/m.exec(read('docs/plugins.md'))?.[1] ?? '';
  const files = Object.fromEntries(blocks.map(([, name = '', content = '']) => [name, content]));
  expect(Object.keys(files)).toEqual([
    'log.js',
    'send.js',
    'tell.js',
    'service.js',
    'plugin.test.js',
  ]);
  writeFiles(folder, { ...files, 'package.json': manifest });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules', 'webhookd'));
  const output = execFileSync(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect(output).toContain('# pass 4');
});

/** Settings of the unit, with the values of each. */
function unitSettings(): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const [, key = '', value = ''] of read('systemd/webhookd.service').matchAll(
    /^([A-Za-z]+)=(.*)$/gm,
  )) {
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

test('the unit keeps what the guide says of it', () => {
  const unit = unitSettings();
  expect(Object.fromEntries(unit)).toMatchObject({
    Type: ['notify'],
    NotifyAccess: ['all'],
    Restart: ['on-failure'],
    TimeoutStartSec: ['infinity'],
    User: ['webhookd'],
    StateDirectory: ['webhookd'],
    ConfigurationDirectory: ['webhookd'],
    ExecReload: ['/bin/kill -HUP $MAINPID'],
    WantedBy: ['multi-user.target'],
  });
  expect(parseInt(unit.get('WatchdogSec')?.[0] ?? '', 10)).toBeGreaterThan(0);
  const { shutdownTimeout } = loadText().config.delivery;
  expect(parseInt(unit.get('TimeoutStopSec')?.[0] ?? '', 10)).toBeGreaterThan(2 * shutdownTimeout);
});

test('the unit is hardened', () => {
  expect(Object.fromEntries(unitSettings())).toMatchObject({
    NoNewPrivileges: ['yes'],
    CapabilityBoundingSet: [''],
    ProtectSystem: ['strict'],
    ProtectHome: ['yes'],
    PrivateTmp: ['yes'],
    PrivateDevices: ['yes'],
    RestrictAddressFamilies: ['AF_UNIX AF_INET AF_INET6'],
    SystemCallFilter: ['@system-service', '~@privileged @resources', 'setpriority'],
    SystemCallErrorNumber: ['EPERM'],
    UMask: ['0077'],
  });
  // V8 writes machine code.
  expect(unitSettings().has('MemoryDenyWriteExecute')).toBe(false);
});

test('systemd finds no mistake in the unit, and exposes it as little as README says', () => {
  const [, told = ''] = /exposure of the unit with (\d+\.\d+) of 10/.exec(read('README.md')) ?? [];
  expect(Number(told)).toBeLessThan(2);
  const unit = join(packageRoot, 'systemd', 'webhookd.service');
  const analyze = '/usr/bin/systemd-analyze';
  // Where systemd is not installed, the tests above have looked at the settings that make the rating.
  if (!existsSync(analyze)) return;
  execFileSync(analyze, ['verify', relative(process.cwd(), unit)], { stdio: 'pipe' });
  const report = execFileSync(analyze, ['security', '--offline=true', '--no-pager', unit], {
    encoding: 'utf8',
  });
  const [, rating = ''] =
    /Overall exposure level for webhookd\.service: (\d+\.\d+)/.exec(report) ?? [];
  expect(Number(rating)).toBeLessThan(2);
});
