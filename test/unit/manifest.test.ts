import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../dist/plugins/manifest.js';
import { tempFolder, writeFiles } from '../support/temp.ts';

/** A package with one module, and what its manifest is read as. */
function read(webhookd: unknown, more: object = {}) {
  const folder = tempFolder();
  writeFiles(folder, { 'plugin/index.js': '', 'outside.js': '' });
  const directory = join(folder, 'plugin');
  symlinkSync('../outside.js', join(directory, 'link.js'));
  symlinkSync('index.js', join(directory, 'inner-link.js'));
  return parseManifest(directory, { name: 'a-plugin', version: '1.2.3', webhookd, ...more });
}

const services = { mine: './index.js' };

describe('a manifest', () => {
  test('names services, each with a module and an export of it', () => {
    const { name, version, entries } = read({
      services: { mine: './index.js', other: './index.js#Other', linked: 'inner-link.js' },
    });
    expect({ name, version }).toEqual({ name: 'a-plugin', version: '1.2.3' });
    expect(
      entries.map(({ service, file, exportName }) => [
        service,
        file.split('/').slice(-2).join('/'),
        exportName,
      ]),
    ).toEqual([
      ['mine', 'plugin/index.js', 'default'],
      ['other', 'plugin/index.js', 'Other'],
      ['linked', 'plugin/index.js', 'default'],
    ]);
  });

  test.each(['^1', '>=1.0.0', '1.x', '*', '^0.9 || ^1'])('may ask for plugin API %s', (engines) => {
    expect(() => read({ services, engines })).not.toThrow();
  });

  test('may say more than is known today', () => {
    expect(() => read({ services, variables: [{ name: 'TOKEN' }], future: true })).not.toThrow();
  });

  test('needs no version', () => {
    expect(read({ services }, { version: undefined }).version).toBe('0.0.0');
  });
});

describe('a manifest is refused', () => {
  test.each<[string, unknown, object, RegExp]>([
    [
      'without services',
      {},
      {},
      /^package\.json: webhookd must have required property 'services'$/,
    ],
    [
      'with no service at all',
      { services: {} },
      {},
      /webhookd\.services must NOT have fewer than 1 properties/,
    ],
    [
      'with services that are a list',
      { services: ['./index.js'] },
      {},
      /webhookd\.services must be object/,
    ],
    [
      'with a service that is no path',
      { services: { mine: 5 } },
      {},
      /webhookd\.services\.mine must be string/,
    ],
    [
      'with an empty path',
      { services: { mine: '' } },
      {},
      /webhookd\.services\.mine must NOT have fewer than 1 characters/,
    ],
    [
      'with a name no URL can hold',
      { services: { 'a b': './index.js' } },
      {},
      /webhookd\.services/,
    ],
    ['that is text', 'yes', {}, /webhookd must be object/],
    ['without a name', { services }, { name: undefined }, /must have required property 'name'/],
    ['with a name that is no text', { services }, { name: 5 }, /name must be string/],
    [
      'with engines that are no text',
      { services, engines: 1 },
      {},
      /webhookd\.engines must be string/,
    ],
    [
      'with engines that are no range',
      { services, engines: 'latest' },
      {},
      /^webhookd\.engines: "latest" is no version range$/,
    ],
    [
      'for another plugin API',
      { services, engines: '^2' },
      {},
      /^webhookd\.engines: it wants plugin API \^2, this daemon has 1\./,
    ],
    [
      'with a file that does not exist',
      { services: { mine: './dist/nothing.js' } },
      {},
      /^webhookd\.services\.mine: \.\/dist\/nothing\.js cannot be found: /,
    ],
    [
      'with a file outside of the package',
      { services: { mine: '../outside.js' } },
      {},
      /^webhookd\.services\.mine: \.\.\/outside\.js is outside of the package$/,
    ],
    [
      'with a link to the outside',
      { services: { mine: './link.js' } },
      {},
      /is outside of the package$/,
    ],
  ])('%s', (_what, webhookd, more, reason) => {
    expect(() => read(webhookd, more)).toThrow(reason);
  });

  test('with an absolute path', () => {
    expect(() => read({ services: { mine: '/etc/passwd' } })).toThrow(
      /^webhookd\.services\.mine: \/etc\/passwd (cannot be found|is outside of the package)/,
    );
  });
});
