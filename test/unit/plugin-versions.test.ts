/** Versions of a plugin on the disk: whoever comes and goes meanwhile, the one in use is there. */
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lend } from '../../dist/cli/plugin/lend.js';
import {
  activate,
  currentOf,
  deactivate,
  goBack,
  makeProject,
  markProject,
  putInSlot,
  slotOf,
  tidy,
} from '../../dist/plugins/installed.js';
import { startManager } from '../support/manager.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { until } from '../support/wait.ts';

const plugin = '@scope/things';

const files = (version: string) => ({
  'package.json': JSON.stringify({
    ...{ name: plugin, version, type: 'module', webhookd: { services: { things: './index.js' } } },
  }),
  'index.js': 'export default class { callback() {} }',
});

/** Versions' folders are called after the time. */
async function nextMillisecond() {
  const time = Date.now();
  await until('the clock goes on', () => Date.now() > time);
}

/** A folder with plugins, and one with the source of this one. */
function start() {
  const folder = tempFolder();
  const directory = join(folder, 'plugins');
  const source = join(folder, 'source');
  writeFiles(source, files('0.0.1-dev'));
  const slot = slotOf(directory, plugin);
  const put = async (version: string) => {
    const project = makeProject(directory);
    writeFiles(join(project, 'node_modules', plugin), files(version));
    markProject(project, { plugin, spec: plugin });
    await nextMillisecond();
    const place = putInSlot(project, directory, plugin);
    await nextMillisecond();
    return place;
  };
  /** As `plugin install` does, when the daemon takes the version. */
  const install = async (version: string) => {
    const place = await put(version);
    tidy(slot, [activate(place)]);
    return place;
  };
  return { folder, directory, source, slot, put, install };
}

describe('a plugin that runs from its folder', () => {
  test('gives its place back to the version that was installed', async () => {
    const { directory, source, slot, install } = start();
    const first = await install('1.0.0');
    const restore = lend(source, plugin, directory);
    const lent = currentOf(slot) ?? '';
    expect(realpathSync(join(lent, 'node_modules', plugin))).toBe(realpathSync(source));
    expect(restore()).toBe(true);
    expect(currentOf(slot)).toBe(first);
    expect(existsSync(lent)).toBe(false);
  });

  test('is gone in the end when none was installed', () => {
    const { directory, source, slot } = start();
    expect(lend(source, plugin, directory)()).toBe(true);
    expect(existsSync(slot)).toBe(false);
  });

  test('leaves the version alone that was installed meanwhile', async () => {
    const { directory, source, slot, install } = start();
    await install('1.0.0');
    const restore = lend(source, plugin, directory);
    const second = await install('2.0.0');
    expect(restore()).toBe(false);
    expect(currentOf(slot)).toBe(second);
    expect(existsSync(second)).toBe(true);
  });

  test('does not bring back what was removed meanwhile', async () => {
    const { directory, source, slot, install } = start();
    await install('1.0.0');
    const restore = lend(source, plugin, directory);
    deactivate(slot);
    tidy(slot, []);
    expect(restore()).toBe(false);
    expect(existsSync(slot)).toBe(false);
  });

  test('finds its former version when one that was installed meanwhile is refused', async () => {
    const { directory, source, slot, put, install } = start();
    const first = await install('1.0.0');
    const restore = lend(source, plugin, directory);
    const lent = activate(await put('2.0.0'));
    expect(goBack(slot, lent)).toBe(true);
    tidy(slot, [lent]);
    expect(currentOf(slot)).toBe(lent);
    expect(restore()).toBe(true);
    expect(currentOf(slot)).toBe(first);
    expect(existsSync(first)).toBe(true);
  });

  test('stays when its former version is gone', async () => {
    const { directory, source, slot, install } = start();
    const first = await install('1.0.0');
    const restore = lend(source, plugin, directory);
    const lent = currentOf(slot) ?? '';
    rmSync(first, { recursive: true });
    expect(restore()).toBe(false);
    expect(currentOf(slot)).toBe(lent);
    expect(existsSync(lent)).toBe(true);
  });
});

describe('a version in use that is gone', () => {
  test.each<[string, (version: string) => void]>([
    ['with all of its folder', (version) => rmSync(version, { recursive: true })],
    [
      'but for its folder',
      (version) => {
        rmSync(version, { recursive: true });
        mkdirSync(version);
      },
    ],
  ])('%s is no reason to forget the plugin', async (_what, breakIt) => {
    const { folder, slot, install } = start();
    const version = await install('1.0.0');
    const { manager } = await startManager(folder);
    expect(manager.get(plugin)).toMatchObject({ version: '1.0.0' });
    breakIt(version);
    await expect(manager.reload(plugin)).rejects.toThrow(
      'the version in use has no plugin; install @scope/things anew, or remove it',
    );
    expect(manager.get(plugin)).toMatchObject({ version: '1.0.0' });
    deactivate(slot);
    expect(await manager.reload(plugin)).toBeUndefined();
  });
});
