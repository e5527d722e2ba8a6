/** What a plugin shows of its secrets, on every way there is. */
import { expect, test } from 'vitest';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/wait.ts';

const secret = 'sunken-secret';

const code = (load: string) => `export default class {
  constructor({ secrets, log }) { this.secrets = secrets; this.log = log; }
  load() { const { KEY } = this.secrets; if (KEY) { ${load} } }
  callback() {}
}`;

async function startTold(load: string, plugins: object = {}) {
  const folder = tempFolder();
  installPlugin(`${folder}/plugins`, 'tells', {
    code: code(load),
    manifest: { services: { tells: './index.js' }, variables: [{ name: 'KEY', secret: true }] },
  });
  const first = await startManager(folder, { plugins });
  await first.manager.setVariable('tells', 'KEY', secret);
  return { ...first, folder };
}

test.each<[string, string]>([
  ['that throws it in load', 'throw new Error("cannot reach https://me:" + KEY + "@host")'],
  [
    'that ends because of it',
    'setTimeout(() => { throw new Error("no " + KEY); }); return new Promise(() => undefined);',
  ],
])('one %s is refused without it', async (_how, load) => {
  const { manager, lines } = await startTold(load);
  const error = await manager.reload('tells').catch((reason: unknown) => reason);
  expect(String(error)).toContain('********');
  expect(String(error) + JSON.stringify(lines)).not.toContain(secret);
});

test('one that does not load at the start shows none of it', async () => {
  for (const plugins of [{}, { isolation: 'shared' }, { inline: ['tells'] }]) {
    const { folder, stop } = await startTold('throw new Error("no " + KEY)', plugins);
    await stop();
    const { manager, lines } = await startManager(folder, {
      plugins: { ...plugins, inline: ['tells'] },
    });
    expect(manager.get('tells').entries).toMatchObject([
      { problem: expect.stringContaining('no ********') as string },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  }
});

test.each(['process', 'shared'])(
  'one that prints it around the log (%s) is heard without it',
  async (isolation) => {
    const print = `
      process.stdout.write('printed ' + KEY + '\\n'); process.stderr.write('written ' + KEY + '\\n');
      console.log('said ' + KEY); this.log.info('logged', { deep: { key: KEY, ['of ' + KEY]: 1 } });`;
    const { manager, lines } = await startTold(print, { isolation });
    await manager.reload('tells');
    for (const word of ['printed', 'written', 'said', 'logged'])
      await until(`it is heard: ${word}`, () => lines.some(({ msg }) => msg.startsWith(word)));
    expect(JSON.stringify(lines)).not.toContain(secret);
  },
);
