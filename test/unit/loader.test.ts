import { describe, expect, test } from 'vitest';
import type { PluginCradle } from '../../dist/plugin-api/index.js';
import { loadPlugins } from '../../dist/plugins/loader.js';
import { PluginRegistry } from '../../dist/plugins/registry.js';
import { readableLog } from '../support/logs.ts';
import { installPlugin } from '../support/plugins.ts';
import { sampleDelivery, sampleSubscription } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

const told: unknown[] = [];
const pluginLog = {
  debug: () => undefined,
  info: (message: string) => void told.push(message),
  warn: () => undefined,
  error: () => undefined,
};

const makeCradle = ({ service }: { service: string }) =>
  Promise.resolve(
    Object.freeze({ log: pluginLog, config: { for: service } }) as unknown as PluginCradle,
  );

async function load(
  plugins: Record<string, string>,
  enabledServices: Record<string, boolean> = {},
) {
  const directory = tempFolder();
  for (const [name, code] of Object.entries(plugins)) installPlugin(directory, name, { code });
  const registry = new PluginRegistry();
  const { log, lines } = readableLog();
  await loadPlugins({
    registry,
    directory,
    bundledDirectory: '/nowhere',
    enabledServices,
    makeCradle,
    log,
  });
  return {
    registry,
    lines,
    reasons: Object.fromEntries(
      registry.records().map(({ service, reason }) => [service ?? '', reason] as const),
    ),
  };
}

const working = 'export default class { callback() {} }';

const context = {
  delivery: { id: 'd' },
  attempt: 1,
  maxAttempts: 1,
  signal: new AbortController().signal,
  log: pluginLog,
};

describe('a plugin that is broken is reported, and the others are loaded', () => {
  test.each<[string, string, RegExp]>([
    ['throws when it is imported', 'throw new Error("no licence")', /^no licence$/],
    ['has an error of syntax', 'export default class {', /Unexpected/],
    [
      'imports what is not there',
      'import "no-such-package"; export default class {}',
      /no-such-package/,
    ],
    ['exports nothing', '', /exports no class as default/],
    ['exports an object', 'export default { callback() {} }', /exports no class as default/],
    [
      'throws in its constructor',
      'export default class { constructor() { throw new Error("no port"); } callback() {} }',
      /no port/,
    ],
    [
      'throws in load',
      'export default class { load() { throw new Error("no database"); } callback() {} }',
      /^no database$/,
    ],
    [
      'rejects in load',
      'export default class { async load() { throw new Error("no answer"); } callback() {} }',
      /^no answer$/,
    ],
    [
      'throws something that is no error',
      'export default class { load() { throw "just text"; } callback() {} }',
      /^just text$/,
    ],
    ['has no callback', 'export default class {}', /^the class has no method `callback`/],
    [
      'asks for what plugins do not get',
      'export default class { constructor({ store }) { this.store = store; } callback() {} }',
      /store/,
    ],
    [
      'has a config schema that is none',
      'export default class { static configSchema = { type: "nonsense" }; callback() {} }',
      /not a JSON Schema/,
    ],
  ])('%s', async (_what, code, reason) => {
    const { registry, reasons, lines } = await load({
      'a-first': working,
      broken: code,
      'z-last': working,
    });
    expect(registry.names()).toEqual(['a-first', 'z-last']);
    expect(reasons).toEqual({
      'a-first': null,
      broken: expect.stringMatching(reason) as string,
      'z-last': null,
    });
    expect(lines.filter(({ level }) => level >= 50)).toMatchObject([
      { plugin: 'broken', service: 'broken' },
    ]);
  });

  test('provides a service that another one already provides: the first stays', async () => {
    const directory = tempFolder();
    for (const name of ['one', 'two'])
      installPlugin(directory, name, { manifest: { services: { same: './index.js' } } });
    const registry = new PluginRegistry();
    await loadPlugins({
      registry,
      directory,
      bundledDirectory: '/nowhere',
      enabledServices: {},
      makeCradle,
      log: readableLog().log,
    });
    expect(registry.records()).toMatchObject([
      { plugin: 'one', state: 'loaded' },
      {
        plugin: 'two',
        state: 'failed',
        reason: 'another plugin already provides the service same',
      },
    ]);
  });

  test('has a broken service beside one that works', async () => {
    const directory = tempFolder();
    const code =
      'export class Good { callback() {} } export class Bad { load() { throw new Error("bad"); } callback() {} }';
    installPlugin(directory, 'both', {
      code,
      manifest: { services: { bad: './index.js#Bad', good: './index.js#Good' } },
    });
    const registry = new PluginRegistry();
    await loadPlugins({
      registry,
      directory,
      bundledDirectory: '/nowhere',
      enabledServices: {},
      makeCradle,
      log: readableLog().log,
    });
    expect(registry.names()).toEqual(['good']);
  });
});

describe('enabled_services', () => {
  test('keeps a service from being loaded, even from being imported', async () => {
    const { registry } = await load(
      { off: 'throw new Error("imported")', on: working },
      { off: false, on: true, unknown: true },
    );
    expect(registry.names()).toEqual(['on']);
    expect(registry.records()).toMatchObject([
      { service: 'off', state: 'disabled', reason: 'enabled_services.off is false' },
      { state: 'loaded' },
    ]);
  });
});

describe('a loaded service', () => {
  const code = `export default class {
    static configSchema = { type: 'object', required: ['to'], properties: { to: { type: 'string' } } };
    constructor({ config, log }) { this.config = config; this.log = log; }
    async load({ log }) { log.info('loading'); }
    async callback(subscription, event, { attempt }) { return { to: subscription.config.to, event: event.name, attempt, service: this.config.for }; }
    dispose() { this.log.info('disposed'); }
  }`;

  test('gets what it asks for, and delivers', async () => {
    const { registry } = await load({ mine: code });
    const service = registry.find('mine');
    const subscription = sampleSubscription({ config: { to: 'you' } });
    expect(await service?.call(subscription, sampleDelivery(), context)).toEqual({
      to: 'you',
      event: 'call_created',
      attempt: 1,
      service: 'mine',
    });
  });

  test('checks the config of its subscriptions', async () => {
    const { registry } = await load({ mine: code });
    expect(registry.checkConfig('mine', { to: 'you' })).toEqual([]);
    expect(registry.checkConfig('mine', {})).toMatchObject([
      { field: 'config.to', constraint: 'required' },
    ]);
    expect(registry.checkConfig('mine', { to: 5 })).toMatchObject([
      { field: 'config.to', message: 'must be string' },
    ]);
    expect(registry.checkConfig('nobody-provides-this', {})).toEqual([]);
  });

  test('is loaded once and disposed of at the end, also when another one throws then', async () => {
    told.length = 0;
    const throwing =
      'export default class { callback() {} async dispose() { throw new Error("stuck"); } }';
    const { registry } = await load({ mine: code, 'z-stuck': throwing });
    const problems: unknown[] = [];
    await registry.dispose((name, error) => problems.push([name, (error as Error).message]));
    expect(told).toEqual(['loading', 'disposed']);
    expect(problems).toEqual([['z-stuck', 'stuck']]);
    expect(registry.names()).toEqual([]);
  });
});
