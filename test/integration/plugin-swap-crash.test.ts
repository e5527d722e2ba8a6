/** Processes of plugins that end after another version took their place, and before. */
import { expect, test } from 'vitest';
import { installPlugin } from '../support/plugins.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

/** Posts which version it is; `hang` never ends. */
const version = (n: number) => `
  export default class {
    async callback({ config }, { data }) {
      if (data.hang) await new Promise(() => undefined);
      await fetch(config.url, { method: 'POST', body: JSON.stringify({ id: data.id, version: ${n} }) });
    }
  }`;

let folder = '';
const scene = useScene({}, ({ directory }) => {
  folder = `${directory}/plugins`;
  installPlugin(folder, 'posts', { code: version(1), version: '1.0.1' });
});

const pid = async () =>
  (await scene().daemon.call<{ pid: number | null }>('GET', '/plugins/posts')).body.pid;

async function reload(n: number): Promise<void> {
  installPlugin(folder, 'posts', { code: version(n), version: `1.0.${n}` });
  expect((await scene().daemon.call('POST', '/plugins/posts/reload')).status).toBe(200);
}

test('a version that was taken up by a reload is started again when its process ends', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox();
  await daemon.subscribe(['after_crash'], '', { service: 'posts', config: { url: inbox.url } });
  await reload(2);
  const former = await pid();
  process.kill(former ?? 0, 'SIGKILL');
  await until('its process is missed', async () => (await pid()) !== former);
  await publisher.publish({ name: 'after_crash', data: { id: 'wanted' } });
  await inbox.received(1);
  expect(inbox.requests[0]?.body).toContain('"version":2');
});

test('when a former version ends that had a call to end, the one that serves stays, and ends with the daemon', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox();
  await daemon.subscribe(['hangs'], '', { service: 'posts', config: { url: inbox.url } });
  await publisher.publish({ name: 'hangs', data: { hang: true } });
  await until('it is called', async () => {
    const { body } = await daemon.call<{ items: unknown[] }>('GET', '/deliveries?status=pending');
    return body.items.length === 1;
  });
  const former = await pid();
  await reload(3);
  const serving = await pid();
  expect(serving).not.toBe(former);
  process.kill(former ?? 0, 'SIGKILL');
  await until('the call has failed', () =>
    daemon.log.some(({ msg }) => msg.startsWith('posts failed at hangs')),
  );
  expect(await pid()).toBe(serving);
  expect(await daemon.stop()).toBe(0);
  // Signal 0 asks whether there is such a process.
  expect(() => process.kill(serving ?? 0, 0)).toThrow('ESRCH');
});
