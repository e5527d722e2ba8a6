/** What comes over a plugin's channel, or is sent through it, may be anything: it ends nothing but itself. */
import { expect, onTestFinished, test } from 'vitest';
import { isHookRetry } from '../../dist/plugin-api/index.js';
import type { Json } from '../../dist/model.js';
import { makeEntry } from '../../dist/plugins/entry.js';
import { HostProcess } from '../../dist/plugins/host/host-process.js';
import { limitsOf } from '../../dist/plugins/host/limits.js';
import { MessageBatch } from '../../dist/plugins/host/message-batch.js';
import type { Message } from '../../dist/plugins/host/wire.js';
import type { PluginCradle } from '../../dist/plugin-api/contract.js';
import { loadText } from '../support/config.ts';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import {
  sampleContext,
  sampleDelivery,
  sampleEvent,
  sampleSubscription,
} from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/wait.ts';

/** Arrays in arrays: what JSON.parse reads, and JSON.stringify has no stack for. */
function nested(levels: number): Json {
  let data: Json = [];
  for (let level = 1; level < levels; level++) data = [data];
  return data;
}

test('an event nested too deeply is not told to a plugin that listens, and the next one is', async () => {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'listener', {
    code: `export default class {
      load({ busConsumer, log }) { return busConsumer.subscribe('called', ({ data }) => log.info('heard', { data })); }
      callback() {}
    }`,
  });
  const { taps, lines } = await startManager(folder);
  for (const data of [{ id: 1 }, nested(50_000), { id: 3 }])
    taps.emit(sampleEvent({ name: 'called', data }));
  await until('it heard', () => lines.some(({ data }) => (data as { id?: number })?.id === 3));
  expect(lines.filter(({ msg }) => msg === 'heard')).toMatchObject([
    { data: { id: 1 } },
    { data: { id: 3 } },
  ]);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: expect.stringContaining('is not told of some') as string }),
  );
});

test('what cannot be sent is refused, and all that goes with it is sent', async () => {
  const sent: unknown[] = [];
  const refused: unknown[] = [];
  const batch = new MessageBatch(
    (messages) => sent.push(...(JSON.parse(JSON.stringify(messages)) as Message[])),
    ({ i }, error) => refused.push(i, (error as Error).name),
  );
  const ask = (i: string, more: object = {}) => batch.post({ t: 'q', i, m: 'attempt', ...more });
  ask('1');
  ask('2', { a: [nested(50_000)] });
  ask('3');
  await until('all were sent or refused', () => sent.length + refused.length === 4);
  expect(sent).toEqual(['1', '3'].map((i) => ({ t: 'q', i, m: 'attempt' })));
  expect(refused).toEqual(['2', 'RangeError']);
});

test('words of a plugin’s own on its channel end nothing, whatever they look like', async () => {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'talker', {
    code: `export default class {
      callback({ config }) {
        const odd = { toString: 1 };
        process.send([
          { t: 'q', m: odd }, { t: 'q' }, { t: 'q', m: 'no such function', i: 'x' }, { t: 'q', m: '__proto__' },
          { t: 's', i: 'x', e: { message: odd, name: odd } }, { t: 's', i: odd }, { t: 'q', m: 'log', a: [null] },
          { t: 'q', m: 'fatal', a: [null] }, { t: 'q', m: 'fatal', a: [{ message: odd, stack: odd }] },
        ]);
        if (config.ends) process.exit(1);
        return { worked: true };
      }
    }`,
  });
  const { registry, manager } = await startManager(folder);
  const call = async (config: { ends?: boolean }) => {
    const service = await until('it can be called', () => registry.find('talker'));
    return service.call(sampleSubscription({ config }), sampleDelivery(), sampleContext);
  };
  expect(await call({})).toEqual({ worked: true });
  expect(isHookRetry(await call({ ends: true }).catch((error: unknown) => error))).toBe(true);
  await until('it begins anew', () => manager.get('talker').state === 'loaded');
  expect(await call({})).toEqual({ worked: true });
});

test.each([
  ['static configSchema() { return {}; }', 'not a function'],
  ["static configSchema = 'any'", 'not a string'],
])('a class with %s is refused, and keeps no other from starting', async (schema, reason) => {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'odd', {
    code: `export default class { ${schema}; callback() {} }`,
  });
  installPlugin(`${folder}/plugins`, 'sound');
  const { manager, registry } = await startManager(folder);
  expect(manager.get('odd').entries).toMatchObject([
    { problem: expect.stringContaining(reason) as string },
  ]);
  expect(registry.find('odd')).toBeUndefined();
  expect(registry.find('sound')).toBeDefined();
});

test.each([
  [
    'throws',
    () => {
      throw new TypeError('no url');
    },
  ],
  ['is no text', () => 5 as never],
])('an endpoint that %s is not known', async (_what, endpointOf) => {
  const type = class {
    callback = () => undefined;
    endpointOf = endpointOf;
  };
  const entry = await makeEntry(type, {} as PluginCradle);
  expect(entry.endpointOf(sampleSubscription())).toBeNull();
});

test('what is asked of a process that has ended fails at once, and says why it ended', async () => {
  const { config } = loadText({ main: 'plugins: { call_timeout: 600 }' }, tempFolder());
  let reason: string | undefined;
  const host = new HostProcess({
    name: 'short',
    limits: limitsOf(config.plugins),
    serve: {} as never,
    onOutput: () => undefined,
    onCrash: (said) => (reason = said),
    onSlowed: () => undefined,
    onMissed: () => undefined,
  });
  onTestFinished(() => host.end());
  process.kill(host.pid ?? 0, 'SIGKILL');
  await until('it has ended', () => reason);
  await expect(host.attempt({} as never)).rejects.toMatchObject({ detail: { error: reason } });
});
