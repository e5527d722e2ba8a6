/** Versions of a plugin take each other's place while events flow. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { installPlugin } from '../support/plugins.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

/** Writes down which version had which event. */
const version = (n: number, file: string) => `
  import { appendFileSync } from 'node:fs';
  export default class {
    static respondsTo = 'numbered';
    async compute({ data }) {
      await new Promise((go) => setTimeout(go, 20));
      appendFileSync('${file}', data.id + ' ${n}\\n');
    }
  }`;

let folder = '';
let file = '';
const scene = useScene({}, ({ directory }) => {
  folder = `${directory}/plugins`;
  file = `${directory}/handled`;
  installPlugin(folder, 'swapped', { code: version(0, file), version: '1.0.0' });
});

/** Which event was handled by which version; only what is new is read. */
const records: [id: number, by: number][] = [];
let readUpTo = 0;
function handled(): readonly [id: number, by: number][] {
  if (!existsSync(file)) return records;
  const text = readFileSync(file).subarray(readUpTo).toString();
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  readUpTo += complete.length;
  for (const line of complete.split('\n').slice(0, -1)) {
    const [id = -1, by = -1] = line.split(' ').map(Number);
    records.push([id, by]);
  }
  return records;
}

test('20 upgrades at 500 events a second lose nothing, and no event is handled by two versions', async () => {
  const { daemon, publisher } = scene();
  let isUpgrading = true;
  let published = 0;
  const publishing = (async () => {
    const began = Date.now();
    while (isUpgrading || published < 3_000) {
      const onTime = Math.floor(((Date.now() - began) / 1000) * 500);
      // A machine that cannot keep up with that is not buried in events.
      const due = Math.max(published, Math.min(onTime, handled().length + 2_000));
      const batch = Array.from({ length: due - published }, (_, place) => ({
        name: 'numbered',
        data: { id: published + place },
      }));
      if (batch.length > 0) await publisher.publish(...batch);
      published += batch.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const byVersion = async (n: number) =>
    until(`version ${n} handles something`, () => handled().some(([, by]) => by === n), 240_000);
  try {
    await byVersion(0);
    for (let n = 1; n <= 20; n++) {
      installPlugin(folder, 'swapped', { code: version(n, file), version: `1.0.${n}` });
      const { status, body } = await daemon.call('POST', '/plugins/swapped/reload');
      expect({ status, body }).toMatchObject({ status: 200, body: { version: `1.0.${n}` } });
      await byVersion(n);
    }
  } finally {
    isUpgrading = false;
  }
  await publishing;
  await until('everything is handled', () => handled().length >= published, 240_000);
  const ids = handled().map(([id]) => id);
  expect(new Set(ids).size).toBe(published);
  expect(ids).toHaveLength(published);
  expect(daemon.log.filter(({ msg }) => msg.includes('failed at'))).toEqual([]);
}, 600_000);

test('a version that does not load leaves the one that serves', async () => {
  const { daemon, publisher } = scene();
  const code =
    'export default class { static respondsTo = "numbered"; load() { throw new Error("no luck"); } compute() {} }';
  installPlugin(folder, 'swapped', { code, version: '2.0.0' });
  expect(await daemon.call('POST', '/plugins/swapped/reload')).toMatchObject({
    status: 409,
    body: { error_id: 'plugin-refused', message: expect.stringMatching(/no luck/) as string },
  });
  await publisher.publish({ name: 'numbered', data: { id: 10_000_000 } });
  await until('it is handled', () => handled().some(([id]) => id === 10_000_000));
  expect((await daemon.call('GET', '/plugins/swapped')).body).toMatchObject({
    version: '1.0.20',
    state: 'loaded',
  });
});

test('what a disabled plugin is to get waits, over a restart too', async () => {
  const { daemon, publisher } = scene();
  installPlugin(folder, 'swapped', { code: version(99, file), version: '3.0.0' });
  await daemon.call('POST', '/plugins/swapped/reload');
  await daemon.call('POST', '/plugins/swapped/disable');
  await publisher.publish({ name: 'numbered', data: { id: 20_000_000 } });
  await daemon.stop();
  await publisher.publish({ name: 'numbered', data: { id: 20_000_001 } });
  await daemon.start();
  expect((await daemon.call('GET', '/plugins/swapped')).body).toMatchObject({
    state: 'disabled',
    reason: 'disabled by an administrator',
  });
  expect(handled().filter(([id]) => id >= 20_000_000)).toEqual([]);
  await daemon.call('POST', '/plugins/swapped/enable');
  await until('both are handled', () => handled().filter(([id]) => id >= 20_000_000).length === 2);
});

test('a handler whose package is gone gets nothing any more', async () => {
  const { daemon } = scene();
  rmSync(`${folder}/node_modules/swapped`, { recursive: true });
  expect((await daemon.call('POST', '/plugins/swapped/reload')).status).toBe(204);
  expect((await daemon.call('GET', '/plugins/swapped')).status).toBe(404);
});
