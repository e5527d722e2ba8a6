import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundledDirectory, discoverPlugins } from '../../dist/plugins/discovery.js';
import { installPlugin } from '../support/plugins.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

const nothing = '/nowhere/at/all';

/** Package names by directory, or why a package cannot be used. */
const summary = (directory: string, bundled = nothing) =>
  discoverPlugins(directory, bundled).map(({ directory: folder, manifest, isBundled }) => ({
    folder: basename(folder),
    is: manifest instanceof Error ? manifest.message : manifest.name,
    isBundled,
  }));

describe('plugins are found', () => {
  test('among installed packages, scoped ones too, in the order of their names', () => {
    const folder = tempFolder();
    for (const name of ['webhookd-b', '@scope/webhookd-c', '@scope/webhookd-a', 'webhookd-a'])
      installPlugin(folder, name);
    expect(summary(folder).map(({ is }) => is)).toEqual([
      '@scope/webhookd-a',
      '@scope/webhookd-c',
      'webhookd-a',
      'webhookd-b',
    ]);
  });

  test('behind links, as `npm link` makes them', () => {
    const [folder, elsewhere] = [tempFolder(), tempFolder()];
    const real = installPlugin(elsewhere, 'webhookd-linked');
    mkdirSync(join(folder, 'node_modules', '@scope'), { recursive: true });
    symlinkSync(real, join(folder, 'node_modules', 'webhookd-linked'));
    symlinkSync(real, join(folder, 'node_modules', '@scope', 'linked'));
    expect(summary(folder).map(({ is }) => is)).toEqual(['webhookd-linked', 'webhookd-linked']);
  });

  test('bundled ones before installed ones', () => {
    const folder = tempFolder();
    installPlugin(folder, 'aaa');
    const found = summary(folder, bundledDirectory);
    expect(found.map(({ is, isBundled }) => [is, isBundled])).toEqual([
      ['webhookd-example', true],
      ['webhookd-http', true],
      ['aaa', false],
    ]);
  });
});

describe('no plugins are', () => {
  test('packages without the key, files, hidden directories and links to nowhere', () => {
    const folder = tempFolder();
    writeFiles(join(folder, 'node_modules'), {
      'got/package.json': '{"name":"got"}',
      'empty/readme.md': '',
      'file.js': '',
      '.package-lock.json': '{}',
      '.bin/package.json': '{"name":"bin","webhookd":{"services":{"a":"./a.js"}}}',
      'number/package.json': '5',
      'nothing/package.json': 'null',
    });
    symlinkSync('/nowhere', join(folder, 'node_modules', 'dangling'));
    expect(summary(folder)).toEqual([]);
  });

  test('there when the directory does not exist', () => {
    expect(summary(nothing)).toEqual([]);
    const folder = tempFolder();
    writeFiles(folder, { node_modules: 'a file' });
    expect(summary(folder)).toEqual([]);
  });
});

describe('a package that cannot be used is named with the reason', () => {
  test('and the others are found all the same', () => {
    const folder = tempFolder();
    installPlugin(folder, 'works');
    installPlugin(folder, 'bad-manifest', { manifest: { services: {} } });
    installPlugin(folder, 'missing-file', { manifest: { services: { a: './nothing.js' } } });
    writeFiles(join(folder, 'node_modules'), { 'bad-json/package.json': '{"name": "x", webhookd' });
    expect(summary(folder)).toEqual([
      {
        folder: 'bad-json',
        is: expect.stringMatching(/^package\.json is not JSON: /) as string,
        isBundled: false,
      },
      {
        folder: 'bad-manifest',
        is: expect.stringMatching(/^package\.json: webhookd\.services must NOT/) as string,
        isBundled: false,
      },
      {
        folder: 'missing-file',
        is: expect.stringMatching(
          /^webhookd\.services\.a: \.\/nothing\.js cannot be found/,
        ) as string,
        isBundled: false,
      },
      { folder: 'works', is: 'works', isBundled: false },
    ]);
  });

  test('when an entry, or any other key, is there twice', () => {
    const folder = tempFolder();
    writeFiles(join(folder, 'node_modules', 'twice'), {
      'a.js': '',
      'package.json': `{
  "name": "twice",
  "webhookd": { "services": {
    "one": "./a.js",
    "one": "./a.js#Other"
  } }
}`,
    });
    expect(summary(folder)).toEqual([
      { folder: 'twice', is: 'package.json, line 5: "one" is there twice', isBundled: false },
    ]);
  });
});
