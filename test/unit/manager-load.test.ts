/** Loading plugins, wherever they run. */
import { describe, expect, test } from 'vitest';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { sampleContext, sampleDelivery, sampleSubscription } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/wait.ts';

const places = ['inline', 'process', 'shared'] as const;

async function load(
  place: (typeof places)[number],
  plugins: Record<string, string>,
  more: Record<string, unknown> = {},
) {
  const folder = tempFolder();
  for (const [name, code] of Object.entries(plugins))
    installPlugin(`${folder}/plugins`, name, { code });
  const started = await startManager(folder, {
    ...more,
    plugins: place === 'inline' ? { inline: Object.keys(plugins) } : { isolation: place },
  });
  const reasons = Object.fromEntries(
    started.manager
      .list()
      .flatMap(({ entries, reason }) =>
        entries.map(({ service, problem }) => [service, problem ?? reason] as const),
      ),
  );
  return { ...started, reasons };
}

const working = 'export default class { callback() {} }';

describe.each(places)(
  'in %s, a plugin that is broken is reported, and the others are loaded',
  (place) => {
    test.each<[string, string, RegExp]>([
      [
        'throws when it is imported',
        'throw new Error("no licence")',
        /^index\.js, line 1: no licence$/,
      ],
      [
        'has an error of syntax',
        '\nexport default class {',
        /^index\.js, line 2: Unexpected end of input$/,
      ],
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
        /^index\.js, line 1: no database$/,
      ],
      [
        'rejects in load',
        'export default class { async load() { throw new Error("no answer"); } callback() {} }',
        /^index\.js, line 1: no answer$/,
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
      const { registry, reasons, lines } = await load(place, {
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

    test('has a broken service beside one that works', async () => {
      const folder = tempFolder();
      installPlugin(`${folder}/plugins`, 'both', {
        code: 'export class Good { callback() {} } export class Bad { load() { throw new Error("bad"); } callback() {} }',
        manifest: { services: { bad: './index.js#Bad', good: './index.js#Good' } },
      });
      const { registry } = await startManager(folder, {
        plugins: place === 'inline' ? { inline: ['both'] } : { isolation: place },
      });
      expect(registry.names()).toEqual(['good']);
    });
  },
);

test('of two plugins that provide a service the first one stays', async () => {
  const folder = tempFolder();
  for (const name of ['one', 'two'])
    installPlugin(`${folder}/plugins`, name, { manifest: { services: { same: './index.js' } } });
  const { manager } = await startManager(folder);
  expect(manager.list()).toMatchObject([
    { name: 'one', state: 'loaded' },
    { name: 'two', state: 'failed', reason: 'one already provides the service same' },
  ]);
});

test.each(places)('in %s, enabled_services keeps a service from being imported', async (place) => {
  const { registry, reasons } = await load(
    place,
    { off: 'throw new Error("imported")', on: working },
    { enabled_services: { off: false, on: true, unknown: true } },
  );
  expect(registry.names()).toEqual(['on']);
  expect(reasons).toEqual({ off: 'enabled_services.off is false', on: null });
});

describe.each(places)('in %s, a loaded service', (place) => {
  const code = `export default class {
    static configSchema = { type: 'object', required: ['to'], properties: { to: { type: 'string' } } };
    constructor({ config, log }) { this.config = config; this.log = log; }
    async load({ log }) { log.info('loading'); }
    async callback(subscription, event, { attempt }) {
      return { to: subscription.config.to, event: event.name, data: event.data, attempt, most: this.config.hookMaxAttempts };
    }
    dispose() { this.log.info('disposed'); }
  }`;

  test('gets what it asks for, and delivers', async () => {
    const { registry } = await load(place, { mine: code });
    const service = registry.find('mine');
    const subscription = sampleSubscription({ config: { to: 'you' } });
    expect(await service?.call(subscription, sampleDelivery(), sampleContext)).toEqual({
      to: 'you',
      event: 'call_created',
      data: { id: 1 },
      attempt: 1,
      most: 10,
    });
  });

  test('checks the config of its subscriptions', async () => {
    const { registry } = await load(place, { mine: code });
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
    const throwing =
      'export default class { callback() {} async dispose() { throw new Error("stuck"); } }';
    const { lines, stop } = await load(place, { mine: code, 'z-stuck': throwing });
    await until('the plugin logs', () => lines.some(({ msg }) => msg === 'loading'));
    await stop();
    const said = lines.filter(({ plugin }) => plugin === 'mine').map(({ msg }) => msg);
    expect(said.filter((msg) => msg === 'loading' || msg === 'disposed')).toEqual([
      'loading',
      'disposed',
    ]);
    expect(JSON.stringify(lines.filter(({ level }) => level >= 50))).toContain('stuck');
  });
});
