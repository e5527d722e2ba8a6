/** Plugins in a process of their own that cannot be started, or end while they are. */
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isHookRetry } from '../../dist/plugin-api/index.js';
import type { PluginManager } from '../../dist/plugins/manager.js';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import {
  sampleContext,
  sampleDelivery,
  sampleEvent,
  sampleSubscription,
} from '../support/samples.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { until } from '../support/wait.ts';

/** A plugin that was loaded in an earlier run, and starts with its first call; it does `act` then, as long as it is `ill`. */
async function startKnown(act: string) {
  const folder = tempFolder();
  const ill = `${folder}/ill`;
  installPlugin(`${folder}/plugins`, 'late', {
    code: `import { existsSync } from 'node:fs';
      export default class {
        load() { if (existsSync('${ill}')) ${act}; }
        callback() { return { worked: true }; }
      }`,
  });
  const { stop } = await startManager(folder);
  await stop();
  writeFiles(folder, { ill: '' });
  const started = await startManager(folder);
  const call = async () => {
    const service = await until('it can be called', () => started.registry.find('late'));
    return service.call(sampleSubscription(), sampleDelivery(), sampleContext);
  };
  return { ...started, call, heal: () => rmSync(ill) };
}

describe('a plugin that starts with its first call', () => {
  test('and whose process ends has crashed once, however many calls wait for it', async () => {
    const { call, manager, heal } = await startKnown('process.exit(1)');
    const calls = await Promise.allSettled(Array.from({ length: 6 }, call));
    expect(calls.every((one) => one.status === 'rejected' && isHookRetry(one.reason))).toBe(true);
    expect(calls[0]).toMatchObject({ reason: { endpoint: 'unknown' } });
    expect(manager.get('late').state).toBe('restarting');
    heal();
    expect(await call()).toEqual({ worked: true });
  });

  test('and does not load then makes no delivery fail for good', async () => {
    const { call, manager } = await startKnown('throw new Error("no database")');
    const error = await call().catch((reason: unknown) => reason);
    expect(isHookRetry(error)).toBe(true);
    expect(manager.get('late').entries).toMatchObject([
      { problem: expect.stringContaining('no database') as string },
    ]);
  });
});

describe.each([{ place: 'in a process' }, { place: 'inside the daemon', inline: ['tasks'] }])(
  'what waits for a handler that runs $place goes on waiting',
  ({ inline = [] }) => {
    /** A daemon that knows the handler, and one after it, with another version of the plugin. */
    async function restart(leave: (manager: PluginManager) => Promise<unknown>) {
      const folder = tempFolder();
      const ill = `${folder}/ill`;
      const install = (version: string) =>
        installPlugin(`${folder}/plugins`, 'tasks', {
          version,
          code: `import { existsSync } from 'node:fs';
            export default class {
              static respondsTo = ['task_created'];
              load() { if (existsSync('${ill}')) throw new Error('no database'); }
              compute() { return { worked: true }; }
            }`,
        });
      install('1.0.0');
      const first = await startManager(folder, { plugins: { inline } });
      await leave(first.manager);
      await first.stop();
      install('2.0.0');
      writeFiles(folder, { ill: '' });
      const start = () => startManager(folder, { plugins: { inline } });
      return { start, heal: () => rmSync(ill) };
    }

    const isKnown = ({ handlers, registry }: Awaited<ReturnType<typeof startManager>>) => {
      expect(handlers.of('tasks')?.events).toEqual(['task_created']);
      expect(registry.find('tasks')).toBeUndefined();
    };

    test('when it cannot be loaded, start after start, until it can', async () => {
      const { start, heal } = await restart(() => Promise.resolve());
      for (let round = 0; round < 2; round++) {
        const started = await start();
        isKnown(started);
        expect(started.manager.get('tasks').entries).toMatchObject([
          { problem: expect.stringContaining('no database') as string },
        ]);
        await started.stop();
      }
      heal();
      const { registry, manager } = await start();
      const service = registry.find('tasks');
      expect(manager.get('tasks').entries).toMatchObject([{ problem: null }]);
      const made = service?.call(sampleSubscription(), sampleDelivery(), sampleContext);
      expect(await made).toEqual({ worked: true });
    });

    test('when it is disabled, until it is enabled', async () => {
      const { start, heal } = await restart((manager) => manager.disable('tasks'));
      const started = await start();
      isKnown(started);
      heal();
      await started.manager.enable('tasks');
      expect(started.registry.find('tasks')).toBeDefined();
    });
  },
);

/** Listens to events when it is loaded. */
const listening = (code: string) => `export default class {
  async load({ busConsumer, log, statusAggregator }) { ${code} }
  callback() { process.exit(1); }
}`;

describe('what a plugin listens to', () => {
  test('is let go of once when it ends while it is loaded: others still get it', async () => {
    const folder = tempFolder();
    installPlugin(`${folder}/plugins`, 'ears', { code: listening('') });
    const { manager, bindings } = await startManager(folder);
    await bindings.want(['heard']);
    installPlugin(`${folder}/plugins`, 'ears', {
      version: '2.0.0',
      code: listening(`await busConsumer.subscribe('heard', () => undefined); process.exit(1);`),
    });
    await expect(manager.reload('ears')).rejects.toThrow('exit code 1');
    expect(bindings.size).toBe(1);
    await bindings.release(['heard']);
    expect(bindings.size).toBe(0);
  });

  test('reaches nobody when it has ended, and hurts nobody', async () => {
    const folder = tempFolder();
    installPlugin(`${folder}/plugins`, 'ears', {
      code: listening(
        `for (const name of ['a', 'b']) await busConsumer.subscribe(name, () => undefined);`,
      ),
    });
    const { registry, bindings, taps, lines } = await startManager(folder);
    // The broker takes its time to let go of the first.
    let letGo: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (letGo = resolve));
    const release = bindings.release.bind(bindings);
    bindings.release = (names) => slow.then(() => release(names));
    const call = registry.find('ears')?.call(sampleSubscription(), sampleDelivery(), sampleContext);
    await expect(call).rejects.toThrow();
    for (const name of ['a', 'b']) taps.emit(sampleEvent({ name }));
    await new Promise((go) => setImmediate(go));
    letGo();
    await until('it runs again', () => lines.some(({ msg }) => msg.includes('reloaded')));
  });

  test('is told to one that takes up nothing up to a limit, and people are', async () => {
    const folder = tempFolder();
    installPlugin(`${folder}/plugins`, 'ears', {
      code: listening(`await busConsumer.subscribe('heard', () => { for (;;); });`),
    });
    const { taps, lines } = await startManager(folder);
    const data = { text: 'x'.repeat(10_000) };
    await until('it is told nothing more', () => {
      for (let n = 0; n < 100; n++) taps.emit(sampleEvent({ name: 'heard', data }));
      return lines.some(({ msg }) => msg.includes('is not told of some'));
    });
  });
});

test('a plugin in a process of its own sees errors of the daemon as errors', async () => {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'asks', {
    code: `export default class {
      constructor({ subscriptionService, busPublisher }) { this.ask = subscriptionService; this.bus = busPublisher; }
      async callback() {
        const [unknown, large] = await Promise.allSettled([
          this.ask.get('6f8d7c2a-0000-4000-8000-000000000000'),
          this.bus.publish({ name: 'x', data: 10n }),
        ]);
        return { unknown: String(unknown.reason), isError: unknown.reason instanceof Error, large: String(large.reason) };
      }
    }`,
  });
  const { registry } = await startManager(folder);
  const answer = await registry
    .find('asks')
    ?.call(sampleSubscription(), sampleDelivery(), sampleContext);
  expect(answer).toEqual({
    unknown: expect.stringMatching(/^\w+: No such subscription/) as string,
    isError: true,
    large: expect.stringMatching(/BigInt/) as string,
  });
});
