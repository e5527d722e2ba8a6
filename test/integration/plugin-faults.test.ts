/** A bad plugin in a daemon: its attempts say what went wrong, and everybody else's deliveries go on. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { installPlugin } from '../support/plugins.ts';
import { type LogPage, type Scene, useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

/** Does what the event says. */
const code = (name: string) => `
const kept = [];
export default class {
  constructor({ log }) { this.log = log; }
  async callback(subscription, { data: { act } }) {
    this.log.info('${name} begins to ' + act);
    // The line is to be out before nothing goes out any more.
    await new Promise((go) => setTimeout(go, 200));
    if (act === 'loop') for (;;);
    if (act === 'hang') return new Promise(() => undefined);
    if (act === 'throw later') { setTimeout(() => { throw new Error('too late'); }, 1); return new Promise(() => undefined); }
    if (act === 'reject') { Promise.reject(new Error('nobody listens')); return new Promise(() => undefined); }
    if (act === 'leak') for (;;) { kept.push(Buffer.alloc(8e6, 1)); await new Promise((go) => setTimeout(go, 5)); }
    if (act === 'allocate') kept.push(new Array(1e8).fill(0).map((_, i) => ({ i })));
    if (act === 'exit') process.exit(3);
    if (act === 'abort') process.abort();
    if (act === 'flood') for (let i = 0; i < 300_000; i++) this.log.info('line ' + i);
  }
}`;

/** @param callTimeout s */
const sceneOf = (callTimeout: number) =>
  useScene(
    {
      config: {
        hook_max_attempts: 1,
        plugins: { call_timeout: callTimeout, heap_limit: 64, memory_limit: 200, max_log_rate: 50 },
      },
    },
    ({ directory }) => {
      for (const name of ['bad', 'worse'])
        installPlugin(`${directory}/plugins`, name, { code: code(name) });
    },
  );

/** Has the plugin do that, and another subscription's event delivered when it has begun; the plugin's attempts. */
async function besideOneThat(scene: Scene, act: string) {
  const { daemon, publisher } = scene;
  const name = act.replaceAll(' ', '_');
  const others = await scene.inbox();
  const uuid = await daemon.subscribe([name], '', { service: 'bad', config: {} });
  await daemon.subscribe([`beside_${name}`], others.url);
  await publisher.publish({ name, data: { act } });
  await daemon.logged(`bad begins to ${act}`);
  await publisher.publish({ name: `beside_${name}`, data: {} });
  await others.received(1);
  const { body } = await daemon.call<LogPage>('GET', `/subscriptions/${uuid}/logs`);
  return { made: body.filtered, ended: scene.attempts(uuid, 1) };
}

describe('a call that does not end', () => {
  const scene = sceneOf(20);

  test.each(['loop', 'hang'])(
    'but begins to %s fails after its time; others are delivered meanwhile',
    async (act) => {
      const { made, ended } = await besideOneThat(scene(), act);
      expect(made).toBe(0);
      expect(await ended).toMatchObject([
        {
          status: 'failure',
          detail: {
            error: expect.stringMatching(
              /no answer within 20 s \(plugins\.call_timeout\)/,
            ) as string,
          },
        },
      ]);
    },
  );
});

describe('a plugin', () => {
  const scene = sceneOf(600);

  test.each<[string, RegExp]>([
    ['throw later', /uncaught exception: index\.js, line \d+: too late[^]*bad\/index\.js/],
    ['reject', /unhandled rejection: index\.js, line \d+: nobody listens[^]*bad\/index\.js/],
    ['leak', /takes \d+ MiB of memory, 200 are allowed \(plugins\.memory_limit\)/],
    ['allocate', /ran out of memory: its heap may have 64 MiB|takes \d+ MiB of memory/],
    ['exit', /ended by itself with exit code 3/],
    ['abort', /ended by SIGABRT/],
  ])(
    'that begins to %s fails with the reason; others are delivered meanwhile',
    async (act, reason) => {
      const { daemon } = scene();
      // Five crashes within ten minutes are another test.
      await daemon.call('POST', '/plugins/bad/disable');
      await daemon.call('POST', '/plugins/bad/enable');
      const { ended } = await besideOneThat(scene(), act);
      expect(await ended).toMatchObject([
        { status: 'failure', detail: { error: expect.stringMatching(reason) as string } },
      ]);
    },
  );

  test('that crashes five times is disabled with the reason; its deliveries wait, also over a restart', async () => {
    const { daemon, publisher } = scene();
    const uuid = await daemon.subscribe(['worse'], '', { service: 'worse', config: {} });
    for (let crash = 1; crash <= 5; crash++) {
      await publisher.publish({ name: 'worse', data: { act: 'exit' } });
      await scene().attempts(uuid, crash);
    }
    const plugin = async () => (await daemon.call('GET', '/plugins/worse')).body;
    await until('it is disabled', async () => (await plugin())['state'] === 'disabled');
    await publisher.publish({ name: 'worse', data: { act: 'flood' } });
    await daemon.stop();
    await daemon.start();
    expect(await plugin()).toMatchObject({
      state: 'disabled',
      reason: expect.stringMatching(
        /^it crashed 5 times within 10 minutes, the last time because .*exit code 3/,
      ) as string,
    });
    expect((await daemon.call('GET', `/subscriptions/${uuid}/logs`)).body).toMatchObject({
      filtered: 5,
    });
    await daemon.call('POST', '/plugins/worse/enable');
    expect((await scene().attempts(uuid, 6)).at(-1)).toMatchObject({ status: 'success' });
    await daemon.logged('lines of the log were dropped');
  });

  test('that loops ends with the daemon when that is killed', async () => {
    const { daemon, publisher } = scene();
    await daemon.call('POST', '/plugins/bad/disable');
    await daemon.call('POST', '/plugins/bad/enable');
    await daemon.subscribe(['loop_on'], '', { service: 'bad', config: {} });
    await publisher.publish({ name: 'loop_on', data: { act: 'loop' } });
    await daemon.logged('bad begins to loop');
    const { pid } = (await daemon.call<{ pid: number }>('GET', '/plugins/bad')).body;
    await daemon.kill();
    await until('its process is gone', () => !existsSync(`/proc/${pid}`));
  });
});
