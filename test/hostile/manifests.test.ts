/** Packages of every kind in the plugins' folder: each is taken or refused with a reason, and the others are found. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { discoverPlugins, type FoundPlugin } from '../../dist/plugins/discovery.js';
import { Child } from '../support/child.ts';
import { installPlugin } from '../support/plugins.ts';
import { tempFolder } from '../support/temp.ts';
import { corpus, type Entry } from './corpus.ts';
import { brokenJson, deepText, json, jsonObject, key, objectOf, text } from './generators.ts';
import { patience, settings } from './settings.ts';

const target = fc.oneof(
  fc.constantFrom(
    './index.js',
    './index.js#Named',
    './index.js#__proto__',
    './index.js#a#b',
    '#',
    '.',
    './',
    '..',
    '../outside.js',
    '../../../../../../etc/passwd',
    '/etc/passwd',
    './link.js',
    './loop.js',
    './index.js\0',
    './index.js\0.json',
    'file:///etc/passwd',
    'node:fs',
    'index.js?x',
    '%2e%2e/outside.js',
    './index.js/',
  ),
  text,
);

const manifest = fc.record(
  {
    services: fc.oneof(
      fc.array(fc.tuple(key, fc.oneof(target, json)), { maxLength: 4 }).map(objectOf),
      json,
    ),
    engines: fc.oneof(
      fc.constantFrom('^1', '*', '1 - 2', '>=1'.repeat(5_000), '1.'.repeat(10_000)),
      json,
    ),
    variables: fc.oneof(
      fc.array(
        fc.oneof(
          fc.record({ name: key, secret: json, default: json, schema: json }, { requiredKeys: [] }),
          json,
        ),
        { maxLength: 3 },
      ),
      json,
    ),
    events: fc.oneof(fc.array(text, { maxLength: 3 }), json),
    bundled: json,
  },
  { requiredKeys: [] },
);

const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          name: fc.oneof(fc.constant('hostile'), text, json),
          version: json,
          main: json,
          type: json,
          peerDependencies: fc.oneof(json, fc.record({ webhookd: fc.oneof(text, json) })),
          webhookd: fc.oneof({ weight: 5, arbitrary: manifest }, json),
        },
        { requiredKeys: ['webhookd'] },
      )
      .map((value) => JSON.stringify(value)),
  },
  jsonObject.map((value) => JSON.stringify(value)),
  brokenJson,
  deepText.map((deep) => `{"name":"deep","webhookd":${deep}}`),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
);

/** A folder with a hostile package and one that works after it. */
function withPackage(packageJson: string | Buffer, folder: string): FoundPlugin[] {
  const hostile = join(folder, 'node_modules', 'hostile');
  writeFileSync(join(hostile, 'package.json'), packageJson);
  return discoverPlugins(folder, '/nowhere');
}

function prepare(): string {
  const folder = tempFolder();
  installPlugin(folder, 'works');
  const hostile = installPlugin(folder, 'hostile');
  writeFileSync(join(folder, 'node_modules', 'outside.js'), '');
  symlinkSync('../outside.js', join(hostile, 'link.js'));
  symlinkSync('loop.js', join(hostile, 'loop.js'));
  return folder;
}

function isSound(found: readonly FoundPlugin[]): void {
  expect(found.map(({ directory }) => directory.split('/').pop())).toContain('works');
  for (const { directory, manifest: read } of found)
    if (read instanceof Error) {
      expect(read.message).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]{5,4000}$/u);
    } else {
      for (const { file, service } of read.entries) {
        expect(file.startsWith(`${read.directory}/`), `${directory}: ${file}`).toBe(true);
        expect(service).toMatch(/^[\w.-]+$/);
      }
    }
}

test('a package of any kind is taken, passed over, or refused with a reason', patience, () => {
  const folder = prepare();
  fc.assert(
    fc.property(content, (made) => isSound(withPackage(made, folder))),
    settings(1),
  );
});

test.each(corpus<Entry & { content: string | Buffer; isPassedOver?: boolean }>('manifests'))(
  'refuses $what',
  patience,
  ({ content: stored, isPassedOver = false }) => {
    const found = withPackage(stored, prepare());
    isSound(found);
    const hostile = found.find(({ directory }) => directory.endsWith('/hostile'));
    if (isPassedOver) expect(hostile).toBeUndefined();
    else expect(hostile?.manifest).toBeInstanceOf(Error);
  },
);

test('refuses a package.json of ten megabytes, without reading it', patience, () => {
  const padding = 'x'.repeat(10_000_000);
  const { user } = process.cpuUsage();
  const found = withPackage(
    `{"webhookd":{"services":{"a":"./index.js"}},"name":"${padding}"}`,
    prepare(),
  );
  isSound(found);
  expect(found.find(({ directory }) => directory.endsWith('/hostile'))?.manifest).toMatchObject({
    message: expect.stringContaining('1048576 are allowed') as unknown,
  });
  expect((process.cpuUsage().user - user) / 1_000).toBeLessThan(1_000);
});

test(
  'passes over what is no file: a folder, a pipe that nobody writes to, a device',
  patience,
  async () => {
    const folder = prepare();
    const file = join(folder, 'node_modules', 'hostile', 'package.json');
    rmSync(file);
    mkdirSync(file);
    isSound(discoverPlugins(folder, '/nowhere'));
    rmSync(file, { recursive: true });
    const mkfifo = new Child('mkfifo', [file], { cwd: folder });
    onTestFinished(() => mkfifo.kill());
    await expect.poll(() => mkfifo.hasEnded).toBe(true);
    isSound(discoverPlugins(folder, '/nowhere'));
    rmSync(file);
    symlinkSync('/dev/zero', file);
    isSound(discoverPlugins(folder, '/nowhere'));
  },
);
