import { describe, expect, test } from 'vitest';
import { installPlugin } from '../support/plugins.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

/** Uses everything a plugin gets, and says what came of it over its own route. */
const busybody = `
import { HookExpectedError, HookRetry, pluginApiVersion } from 'webhookd/plugin';

export default class Busybody {
  static configSchema = { type: 'object', required: ['act'], properties: { act: { enum: ['retry', 'give-up', 'throw', 'http'] } } };
  heard = [];

  constructor(cradle) {
    this.cradle = cradle;
  }

  async load({ api, statusAggregator, busConsumer, busPublisher, subscriptionService, config }) {
    await busConsumer.subscribe('tapped', (event) => {
      this.heard.push({ name: event.name, data: event.data });
      if (event.data.fails) throw new Error('a callback that fails');
    }, { headers: { internal: true } });
    statusAggregator.addProvider((status) => {
      status.busybody = { status: 'ok', heard: this.heard.length, api: pluginApiVersion };
    });
    statusAggregator.addProvider(() => {
      throw new Error('a provider that fails');
    });
    api.get('/busybody/heard', () => this.heard);
    api.get('/busybody/config', () => config);
    api.get('/busybody/keys', () => {
      const keys = Object.keys(this.cradle).filter((key) => key !== 'instance');
      const isFrozen = keys.filter((key) => Object.isFrozen(this.cradle[key]));
      let isClosed = false;
      try { this.cradle.config = {}; } catch { isClosed = true; }
      return { keys, isFrozen, isClosed };
    });
    api.get('/busybody/bindings', () => busConsumer.bindings());
    api.post('/busybody/publish', async (request) => {
      await busPublisher.publish({ name: 'tapped', data: request.body, headers: { internal: true } });
      return {};
    });
    api.post('/busybody/subscribe', async (request) => subscriptionService.create({ name: 'made by a plugin', service: 'http', events: ['by_plugin'], config: request.body }));
  }

  async callback(subscription, event, { attempt, log }) {
    log.info('busy', { attempt });
    if (subscription.config.act === 'retry' && attempt === 1) throw new HookRetry({ error: 'not yet' });
    if (subscription.config.act === 'give-up') throw new HookExpectedError({ error: 'never' });
    if (subscription.config.act === 'throw') throw new TypeError('an accident');
    if (subscription.config.act === 'http') return { status: (await this.cradle.http(event.data.url)).statusCode };
    return { attempt };
  }
}`;

const scene = useScene(
  {
    config: {
      hook_http_retry_countdown_factor: 1,
      enabled_services: { unwanted: false },
      plugins: { inline: ['busybody'] },
    },
  },
  ({ directory }) => {
    const folder = `${directory}/plugins`;
    installPlugin(folder, 'busybody', { code: busybody });
    installPlugin(folder, '@some-scope/scoped', {
      code: 'export class Scoped { callback() { return { scoped: true }; } }',
      manifest: { services: { scoped: './index.js#Scoped' } },
    });
    installPlugin(folder, 'broken-import', { code: 'throw new Error("no licence")' });
    installPlugin(folder, 'broken-load', {
      code: 'export default class { load() { throw new Error("no database"); } callback() {} }',
    });
    installPlugin(folder, 'broken-manifest', { manifest: { services: { x: './nothing.js' } } });
    installPlugin(folder, 'from-the-future', {
      manifest: { services: { future: './index.js' }, engines: '^99' },
    });
    installPlugin(folder, 'unwanted');
  },
);

const get = async <T>(path: string) => (await scene().daemon.call<T>('GET', path)).body;

async function attempt(service: string, config: object, data: unknown = {}, count = 1) {
  const { daemon, publisher } = scene();
  const name = `for_${service}_${JSON.stringify(config)}`;
  const uuid = await daemon.subscribe([name], '', { service, config });
  await publisher.publish({ name, data });
  return scene().attempts(uuid, count);
}

describe('installed plugins', () => {
  test('are loaded, scoped ones too; broken ones are reported with the reason', async () => {
    expect(await get('/subscriptions/services')).toEqual({
      services: ['busybody', 'example', 'http', 'scoped'],
    });
    const { plugins } = await get<{
      plugins: { status: string; failed: { plugin: string; reason: string }[] };
    }>('/status');
    expect(plugins.status).toBe('fail');
    const reasons = Object.fromEntries(
      plugins.failed.map(({ plugin, reason }) => [plugin.split('/').at(-1) ?? '', reason]),
    );
    expect(reasons).toEqual({
      'broken-import': 'index.js, line 1: no licence',
      'broken-load': 'index.js, line 1: no database',
      'broken-manifest': expect.stringMatching(/nothing\.js cannot be found/) as string,
      'from-the-future': expect.stringMatching(/wants plugin API \^99/) as string,
    });
  });

  test('deliver', async () => {
    expect(await attempt('scoped', {})).toMatchObject([
      { status: 'success', detail: { scoped: true } },
    ]);
  });

  test('decide what an attempt was by what they throw', async () => {
    expect(await attempt('busybody', { act: 'retry' }, {}, 2)).toMatchObject([
      { status: 'failure', attempts: 1, detail: { error: 'not yet' } },
      { status: 'success', attempts: 2, detail: { attempt: 2 } },
    ]);
    expect(await attempt('busybody', { act: 'give-up' })).toMatchObject([
      { status: 'error', detail: { error: 'never' } },
    ]);
    expect(await attempt('busybody', { act: 'throw' })).toMatchObject([
      { status: 'error', detail: { error: 'an accident' } },
    ]);
    const stacks = () =>
      scene().daemon.log.filter(({ err }) => JSON.stringify(err ?? '').includes('an accident'));
    await until('the log has the stack', () => stacks().length > 0);
    expect(stacks()).toHaveLength(1);
  });

  test('have the config of their subscriptions checked', async () => {
    const input = { name: 'x', service: 'busybody', events: ['x'], config: { act: 'dance' } };
    expect(await scene().daemon.call('POST', '/subscriptions', input)).toMatchObject({
      status: 400,
      body: { details: { 'config.act': {} } },
    });
  });
});

describe('a plugin gets', () => {
  test('these things and no others, frozen', async () => {
    expect(await get('/busybody/keys')).toEqual({
      keys: [
        'busConsumer',
        'busPublisher',
        'config',
        'subscriptionService',
        'statusAggregator',
        'api',
        'http',
        'log',
        'secrets',
        'environment',
      ],
      isFrozen: [
        'busConsumer',
        'busPublisher',
        'config',
        'subscriptionService',
        'statusAggregator',
        'log',
        'environment',
      ],
      isClosed: true,
    });
  });

  test('the configuration without the secrets of bus and API', async () => {
    const config = await get('/busybody/config');
    expect(config).toMatchObject({ hookMaxAttempts: 10 });
    expect(JSON.stringify(config)).not.toMatch(/amqp:|guest|password/);
  });

  test('raw events, with the headers it asks for, and events it publishes itself', async () => {
    const { daemon, publisher } = scene();
    await publisher.publish(
      { name: 'tapped', data: { id: 1 }, headers: { internal: false } },
      { name: 'tapped', data: { id: 2 }, headers: { internal: true } },
    );
    await publisher.publish({ name: 'tapped', data: { fails: true }, headers: { internal: true } });
    await daemon.call('POST', '/busybody/publish', { id: 3 });
    const heard = await until('the plugin heard three', async () => {
      const list = await get<{ data: unknown }[]>('/busybody/heard');
      return list.length >= 3 && list;
    });
    expect(heard.map(({ data }) => data)).toEqual([{ id: 2 }, { fails: true }, { id: 3 }]);
    expect(await get('/busybody/bindings')).toContainEqual({
      uuid: expect.any(String) as string,
      event: 'tapped',
      headers: { name: 'tapped', internal: true },
    });
  });

  test('a part of the status, and one that fails hurts nobody', async () => {
    expect(await get('/status')).toMatchObject({
      busybody: { status: 'ok', api: '1.0.0' },
      store: { status: 'ok' },
    });
  });

  test('routes behind the daemon’s authentication', async () => {
    expect((await scene().daemon.call('GET', '/busybody/heard', undefined, {})).status).toBe(401);
  });

  test('subscriptions, which take effect like those made over the API', async () => {
    const inbox = await scene().inbox();
    const { body } = await scene().daemon.call<{ uuid: string }>('POST', '/busybody/subscribe', {
      url: inbox.url,
    });
    await scene().publisher.publish({ name: 'by_plugin', data: { id: 1 } });
    await inbox.received(1);
    expect(await get(`/subscriptions/${body.uuid}`)).toMatchObject({ name: 'made by a plugin' });
  });

  test('an http client of its own', async () => {
    const inbox = await scene().inbox();
    expect(await attempt('busybody', { act: 'http' }, { url: inbox.url })).toMatchObject([
      { status: 'success', detail: { status: 200 } },
    ]);
    expect(inbox.requests[0]?.method).toBe('GET');
  });
});
