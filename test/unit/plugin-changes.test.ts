/** Changes of plugins that fail half-way, and what is collected for handlers whose package is not as it was. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../dist/store/store.js';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { sampleEvent } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/wait.ts';

/** A handler of `called` and a service; each process writes down its pid. */
function install(folder: string, more: { version?: string; manifest?: object } = {}) {
  return installPlugin(join(folder, 'plugins'), 'mixed', {
    code: `import { appendFileSync } from 'node:fs';
      appendFileSync('${folder}/pids', process.pid + '\\n');
      export class Handler { static respondsTo = 'called'; compute() {} }
      export class Service { callback() { return { pid: process.pid }; } }`,
    manifest: { services: { handler: './index.js#Handler', service: './index.js#Service' } },
    ...more,
  });
}

/** The next version has the service alone. */
const withoutHandler = {
  version: '2.0.0',
  manifest: { services: { service: './index.js#Service' } },
};

function livingOf(folder: string): number[] {
  const file = join(folder, 'pids');
  const pids = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  return pids.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

type Started = Awaited<ReturnType<typeof startManager>>;

/** The handlers that get an event. */
const matched = ({ matcher }: Started) =>
  matcher.match(sampleEvent({ name: 'called' })).map(({ service }) => service);

const fullDisk = ({ store }: Started) =>
  vi
    .spyOn(store, 'deleteSubscription')
    .mockRejectedValueOnce(new StoreUnavailable('the disk is full'));

test('a version that cannot take its place leaves all as it was, and no process behind', async () => {
  const folder = tempFolder();
  install(folder);
  const started = await startManager(folder);
  const { manager, registry } = started;
  install(folder, withoutHandler);
  fullDisk(started);
  await expect(manager.reload('mixed')).rejects.toThrow('the disk is full');
  await until('one process is left', () => livingOf(folder).length === 1);
  expect(manager.get('mixed')).toMatchObject({ version: '1.0.0', state: 'loaded' });
  expect(matched(started)).toEqual(['handler']);
  expect(registry.find('service')).toBeDefined();

  expect(await manager.reload('mixed')).toMatchObject({ version: '2.0.0' });
  await until('the former one has ended', () => livingOf(folder).length === 1);
  expect(matched(started)).toEqual([]);
});

test('a removal that fails half-way can be asked for again', async () => {
  const folder = tempFolder();
  const directory = install(folder);
  const started = await startManager(folder);
  const { manager } = started;
  rmSync(directory, { recursive: true });
  fullDisk(started);
  await expect(manager.reload('mixed')).rejects.toThrow('the disk is full');
  expect(await manager.reload('mixed')).toBeUndefined();
  expect(manager.list()).toEqual([]);
  await until('its process has ended', () => livingOf(folder).length === 0);
});

test('a handler that the configuration turns off collects nothing', async () => {
  const folder = tempFolder();
  install(folder);
  const before = await startManager(folder);
  expect(matched(before)).toEqual(['handler']);
  await before.stop();
  const started = await startManager(folder, { enabled_services: { handler: false } });
  expect(matched(started)).toEqual([]);
  expect(started.registry.find('handler')).toBeUndefined();
  expect(started.registry.find('service')).toBeDefined();
});

test.each<[string, (folder: string) => unknown, string[]]>([
  ['one that works', install, ['handler']],
  ['one without the handler', (folder) => install(folder, withoutHandler), []],
  [
    'none',
    (folder) => rmSync(join(folder, 'plugins', 'node_modules', 'mixed'), { recursive: true }),
    [],
  ],
])(
  'what is for a handler waits while its package cannot be used, until there is %s',
  async (_what, change, after) => {
    const folder = tempFolder();
    install(folder);
    await (await startManager(folder)).stop();
    install(folder, { manifest: { services: { handler: './gone.js' } } });
    const started = await startManager(folder);
    const uuids = matched(started);
    expect(uuids).toEqual(['handler']);
    expect(started.registry.find('handler')).toBeUndefined();
    const cancelled = vi.spyOn(started.store, 'deleteSubscription');
    change(folder);
    await started.manager.reload('mixed');
    expect(matched(started)).toEqual(after);
    expect(cancelled).toHaveBeenCalledTimes(after.length === 0 ? 1 : 0);
  },
);
