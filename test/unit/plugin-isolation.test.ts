/** A bad plugin in a process of its own: its attempt fails with a reason, and it begins anew. */
import { existsSync, readFileSync } from 'node:fs';
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isHookRetry } from '../../dist/plugin-api/index.js';
import { StoreUnavailable } from '../../dist/store/store.js';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { sampleContext, sampleDelivery, sampleSubscription } from '../support/samples.ts';
import { Child } from '../support/child.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { until } from '../support/wait.ts';

/** Does what the subscription's config says. */
const code = `
import { existsSync } from 'node:fs';
const leaked = [];
const again = (more) => Object.assign(new Error('again'), { [Symbol.for('webhookd.error-kind')]: 'retry', ...more });
export default class {
  constructor({ log }) { this.log = log; }
  async callback({ config: { act } }) {
    if (act.startsWith('until ')) { while (!existsSync(act.slice(6))) await new Promise((go) => setTimeout(go, 5)); return { pid: process.pid }; }
    if (act === 'work') return { pid: process.pid };
    if (act === 'loop') for (;;);
    if (act === 'never') return new Promise(() => undefined);
    if (act === 'bigint') return { id: 10n };
    if (act === 'circular') { const detail = {}; detail.self = detail; return detail; }
    if (act === 'retry circular') { const detail = {}; detail.self = detail; throw again({ detail }); }
    if (act === 'retry later') throw again({ detail: {}, after: 10n });
    if (act.startsWith('blame ')) throw again({ detail: {}, endpoint: act === 'blame 10n' ? 10n : act.slice(6) });
    if (act === 'gone') throw Object.assign(again({ detail: {}, endpoint: act }), { [Symbol.for('webhookd.error-kind')]: 'expected' });
    if (act === 'log') {
      const circular = { error: new TypeError('no port') };
      circular.self = circular;
      this.log.info('all kinds', { error: new TypeError('no port'), id: 10n });
      this.log.info('circular', circular);
      this.log.info('large', { text: 'x'.repeat(1e6) });
      this.log.info('none', 5);
      return { done: true };
    }
    if (act === 'send') { process.send({ type: 'ready' }); process.send([null, 5, {}]); process.send('ready'); return { pid: process.pid }; }
    if (act === 'exit') process.exit(3);
    if (act === 'abort') process.abort();
    if (act === 'timer') { setTimeout(() => { throw new Error('too late'); }, 1); return new Promise(() => undefined); }
    if (act === 'reject') { Promise.reject(new Error('nobody listens')); return new Promise(() => undefined); }
    if (act === 'leak') for (;;) { leaked.push(new Array(1e4).fill({ a: leaked.length })); if (leaked.length % 100 === 0) await null; }
    if (act === 'buffers') for (;;) { leaked.push(Buffer.alloc(8e6, 1)); await new Promise((go) => setTimeout(go, 5)); }
    if (act === 'array') return { n: new Array(1e8).fill(0).map((_, i) => ({ i })).length };
    if (act === 'flood') { for (let i = 0; i < 300_000; i++) this.log.info('line ' + i); return { done: true }; }
    if (act === 'console') { for (let i = 0; i < 300_000; i++) console.log('line ' + i); return { done: true }; }
    if (act === 'stdout') { for (let i = 0; i < 2_000; i++) process.stdout.write('raw ' + i + '\\n'); return { done: true }; }
  }
}`;

/** s; where it is not the point that a call takes too long. */
const patient = 600;

async function start(plugins: Record<string, unknown> = {}) {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'bad', { code });
  const started = await startManager(folder, {
    plugins: {
      call_timeout: patient,
      heap_limit: 64,
      memory_limit: 200,
      max_log_rate: 50,
      ...plugins,
    },
  });
  const attempt = async (act: string) => {
    const service = await until('the plugin can be called', () => started.registry.find('bad'));
    return service.call(sampleSubscription({ config: { act } }), sampleDelivery(), sampleContext);
  };
  return { ...started, attempt };
}

/** What the attempt's log would say. */
async function reasonOf(attempt: Promise<unknown>): Promise<string> {
  try {
    return `succeeded with ${JSON.stringify(await attempt)}`;
  } catch (error) {
    if (!isHookRetry(error)) throw error;
    return JSON.stringify(error.detail['error']);
  }
}

describe('a plugin', () => {
  test.each([
    ['loop', 'loops for ever', /no answer within 10 s/],
    ['never', 'never returns', /no answer within 10 s/],
    ['exit', 'ends its process', /ended by itself with exit code 3/],
    ['abort', 'aborts', /SIGABRT/],
    [
      'timer',
      'throws on a timer',
      /uncaught exception: index\.js, line \d+: too late[^]*index\.js/,
    ],
    ['reject', 'rejects unhandled', /unhandled rejection: index\.js, line \d+: nobody listens/],
    [
      'leak',
      'leaks objects',
      /ran out of memory: its heap may have 64 MiB|takes \d+ MiB of memory/,
    ],
    ['buffers', 'leaks buffers', /takes \d+ MiB of memory, 200 are allowed/],
    ['array', 'allocates too much at once', /out of memory|takes \d+ MiB of memory/],
  ])('that %s: it %s; the attempt fails, and the next one works', async (act, _what, reason) => {
    const { attempt, manager } = await start(
      act === 'loop' || act === 'never' ? { call_timeout: 10 } : {},
    );
    const { pid } = (await attempt('work')) as { pid: number };
    expect(await reasonOf(attempt(act))).toMatch(reason);
    const next = (await attempt('work')) as { pid: number };
    expect(next.pid).not.toBe(pid);
    expect(manager.get('bad')).toMatchObject({ state: 'loaded', pid: next.pid });
    await until('the former process is gone', () => !existsSync(`/proc/${pid}`));
  });

  test.each(['flood', 'console'])(
    'that floods the log (%s) is heard at the rate allowed',
    async (act) => {
      const { attempt, lines } = await start();
      const began = Date.now();
      await attempt(act);
      const heard = () => lines.filter(({ msg }) => msg.startsWith('line '));
      await until('all lines are heard or counted', () => {
        const dropped = lines.map(
          ({ msg }) => /^(\d+) lines of the log were dropped/.exec(msg)?.[1] ?? 0,
        );
        return dropped.reduce((sum: number, n) => sum + Number(n), heard().length) === 300_000;
      });
      const seconds = (Date.now() - began) / 1000;
      expect(heard().length).toBeGreaterThan(0);
      expect(heard().length).toBeLessThan(50 * (seconds + 2));
      expect(heard()[0]).toMatchObject({ plugin: 'bad' });
    },
  );

  test('that writes to standard output is logged, at the rate allowed', async () => {
    const { attempt, lines } = await start();
    await attempt('stdout');
    await until('it is heard', () => lines.some(({ msg }) => msg === 'raw 0'));
    expect(lines.filter(({ msg }) => msg.startsWith('raw ')).length).toBeLessThan(2_000);
    expect(await attempt('work')).toMatchObject({});
  });

  test.each([
    ['bigint', /BigInt/],
    ['circular', /circular/],
  ])('that returns what is no JSON (%s) fails alone', async (act, reason) => {
    const { attempt } = await start();
    const { pid } = (await attempt('work')) as { pid: number };
    const [failed, worked] = await Promise.allSettled([attempt(act), attempt('work')]);
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(reason) as string },
    });
    expect(worked).toEqual({ status: 'fulfilled', value: { pid } });
  });

  test('that wants to be tried again keeps that, whatever else it says', async () => {
    const { attempt } = await start();
    const thrown = (act: string) => attempt(act).catch((error: unknown) => error);
    const [first, second, worked] = await Promise.all([
      thrown('retry circular'),
      thrown('retry later'),
      attempt('work'),
    ]);
    expect(first).toMatchObject({
      detail: { error: expect.stringMatching(/cannot be kept: .*circular/) as string },
    });
    expect(second).toMatchObject({ detail: {}, after: 10 });
    expect([first, second].map(isHookRetry)).toEqual([true, true]);
    expect(worked).toMatchObject({});
  });

  test.each([
    ['blame down', 'down'],
    ['blame busy', 'busy'],
    ['blame unknown', 'unknown'],
    ['blame nonsense', undefined],
    ['blame 10n', undefined],
    ['gone', 'gone'],
    ['exit', 'unknown'],
  ])('tells of its endpoint (%s) as one inside the daemon does', async (act, endpoint) => {
    const { attempt } = await start();
    const isKept = expect.objectContaining({ endpoint }) as unknown;
    await expect(attempt(act)).rejects.toEqual(isKept);
  });

  test('that logs what is no JSON is logged', async () => {
    const { attempt, lines } = await start();
    await attempt('log');
    await until('it is heard', () => lines.some(({ msg }) => msg === 'none'));
    expect(lines.filter(({ plugin }) => plugin === 'bad')).toMatchObject([
      { msg: expect.stringMatching(/loaded/) as string },
      { msg: 'all kinds', id: '10', error: { type: 'TypeError', message: 'no port' } },
      { msg: 'circular', fields: expect.stringContaining('[Circular') as string },
      { msg: 'large', fields: expect.stringMatching(/^.{8192}$/) as string },
      { msg: 'none', value: 5 },
    ]);
  });

  test('that uses the channel of its process for itself is told so, and goes on', async () => {
    const { attempt, lines } = await start();
    const { pid } = (await attempt('send')) as { pid: number };
    expect(await attempt('work')).toEqual({ pid });
    expect(lines.filter(({ msg }) => msg.includes('process.send'))).toHaveLength(1);
  });

  test('that crashes five times is disabled with the reason, and can be enabled again', async () => {
    const { attempt, manager, registry } = await start();
    for (let crash = 1; crash <= 5; crash++)
      expect(await reasonOf(attempt('exit'))).toMatch(/exit code 3/);
    await until('it is disabled', () => manager.get('bad').state === 'disabled');
    expect(manager.get('bad').reason).toMatch(/crashed 5 times within 10 minutes.*exit code 3/);
    expect(registry.find('bad')).toBeUndefined();
    expect(registry.names()).toContain('bad');
    expect(await manager.enable('bad')).toMatchObject({ state: 'loaded', reason: null });
    expect(await attempt('work')).toMatchObject({});
  });

  test('that crashes five times while the disk is full is disabled as well', async () => {
    const { attempt, manager, store, lines } = await start();
    const put = store.putPluginState.bind(store);
    store.putPluginState = () => Promise.reject(new StoreUnavailable('the disk is full'));
    for (let crash = 1; crash <= 5; crash++)
      expect(await reasonOf(attempt('exit'))).toMatch(/exit code 3/);
    await until('it is said', () => lines.at(-1)?.msg.includes('cannot be kept: the disk is full'));
    expect(manager.get('bad').state).toBe('disabled');
    await expect(manager.enable('bad')).rejects.toThrow(StoreUnavailable);
    store.putPluginState = put;
    expect(await manager.enable('bad')).toMatchObject({ state: 'loaded', reason: null });
    expect(await store.pluginStates()).toMatchObject([{ name: 'bad', isEnabled: true }]);
  });
});

describe('the faults of a plugin that was compiled', () => {
  const source = `interface Config {
  act: 'throw' | 'timer';
}

export default class {
  callback({ config: { act } }: { config: Config }): unknown {
    if (act === 'timer')
      setTimeout(() => {
        throw new Error('too late');
      }, 1);
    else throw new Error('an accident');
    return new Promise(() => undefined);
  }
}
`;

  async function startCompiled() {
    const folder = tempFolder();
    const { outputText, sourceMapText = '' } = transpileModule(source, {
      fileName: 'src/index.ts',
      compilerOptions: {
        module: ModuleKind.ESNext,
        target: ScriptTarget.ES2023,
        sourceMap: true,
        sourceRoot: 'src',
      },
    });
    const plugin = installPlugin(`${folder}/plugins`, 'compiled', { code: outputText });
    writeFiles(plugin, { 'index.js.map': sourceMapText, 'src/index.ts': source });
    const { registry } = await startManager(folder);
    const service = await until('the plugin can be called', () => registry.find('compiled'));
    return {
      plugin,
      attempt: async (act: string) =>
        service.call(sampleSubscription({ config: { act } }), sampleDelivery(), sampleContext),
    };
  }

  test('name the lines of its source', async () => {
    const { attempt, plugin } = await startCompiled();
    const error = await attempt('throw').catch((thrown: unknown) => thrown as Error);
    expect((error as Error).stack).toContain(`${plugin}/src/index.ts:11:`);
    expect(await reasonOf(attempt('timer'))).toMatch(/src\/index\.ts, line 9: too late/);
  });
});

describe('in a process that plugins share', () => {
  async function startShared() {
    const folder = tempFolder();
    installPlugin(`${folder}/plugins`, 'bad', { code });
    installPlugin(`${folder}/plugins`, 'good', {
      code: 'export default class { callback() { return { pid: process.pid }; } }',
    });
    const started = await startManager(folder, {
      plugins: { isolation: 'shared', call_timeout: patient },
    });
    const call = async (name: string, act = 'work') => {
      const service = await until(`${name} can be called`, () => started.registry.find(name));
      const detail = await service.call(
        sampleSubscription({ config: { act } }),
        sampleDelivery(),
        sampleContext,
      );
      return (detail as { pid: number }).pid;
    };
    return { ...started, folder, call };
  }

  test('one that ends it ends the calls of the others, and all begin anew', async () => {
    const { call } = await startShared();
    const before = await call('good');
    expect(await call('bad')).toBe(before);
    expect(await reasonOf(call('bad', 'exit'))).toMatch(/exit code 3/);
    const after = await call('good');
    expect(after).not.toBe(before);
    expect(await call('bad')).toBe(after);
  });

  test('the former one ends when the last call in it has, however many versions wait for that', async () => {
    const { call, manager, folder } = await startShared();
    const before = await call('good');
    const open = call('bad', `until ${folder}/go`);
    await manager.reload('good');
    expect(await call('bad')).not.toBe(before);
    writeFiles(folder, { go: '' });
    expect(await open).toBe(before);
    await until('it is gone', () => !existsSync(`/proc/${before}`));
  });

  test('a new version of one is taken up by all in a new process', async () => {
    const { call, manager, folder } = await startShared();
    const before = await call('good');
    installPlugin(`${folder}/plugins`, 'good', {
      version: '2.0.0',
      code: 'export default class { callback() { return { pid: -process.pid }; } }',
    });
    expect(await manager.reload('good')).toMatchObject({ version: '2.0.0', state: 'loaded' });
    const after = await call('bad');
    expect(after).not.toBe(before);
    expect(await call('good')).toBe(-after);
  });
});

test('calls beyond the limit wait for a place', async () => {
  const { registry, attempt, stop } = await start({ max_calls: 2 });
  const service = registry.find('bad');
  const open = [attempt('never'), attempt('never')].map((one) => reasonOf(one));
  await until('it is full', () => service?.isFull === true);
  await stop();
  await Promise.all(open);
});

test('hosts end with the daemon, also when it is killed while a plugin loops', async () => {
  const folder = tempFolder();
  const plugin = installPlugin(`${folder}/plugins`, 'loops', {
    code: `import { writeFileSync } from 'node:fs';
      export default class {
        load() { setTimeout(() => { writeFileSync('${folder}/pid', String(process.pid)); for (;;); }, 50); }
        callback() {}
      }`,
  });
  expect(plugin).toContain('loops');
  writeFiles(folder, {
    'webhookd.yml': [
      'bus: { url: amqp://127.0.0.1:1 }',
      'rest_api: { port: 0 }',
      `database: { uri: 'sqlite:${folder}/webhookd.db' }`,
      `plugins: { directory: '${folder}/plugins' }`,
      `extra_config_files: '${folder}/conf.d'`,
    ].join('\n'),
  });
  const { cliFile } = await import('../support/root.ts');
  const daemon = new Child(cliFile, ['run', '--config', `${folder}/webhookd.yml`], {
    cwd: folder,
  });
  onTestFinished(() => daemon.kill());
  const pid = await until('the plugin loops', () => {
    const text = existsSync(`${folder}/pid`) ? readFileSync(`${folder}/pid`, 'utf8') : '';
    return text !== '' && text;
  });
  await daemon.kill();
  await until('its process is gone', () => !existsSync(`/proc/${pid}`));
});
