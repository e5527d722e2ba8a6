/** The package that new plugins are built against: a part of this one, under the same name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.ts';

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(packageRoot, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    exports: Record<string, unknown>;
  };

test('sdk/package.json has the name and the version of the daemon, and exports nothing else', () => {
  const [daemon, sdk] = [manifestOf('.'), manifestOf('sdk')];
  expect([sdk.name, sdk.version]).toEqual([daemon.name, daemon.version]);
  expect(Object.keys(daemon.exports)).toEqual(expect.arrayContaining(Object.keys(sdk.exports)));
});
