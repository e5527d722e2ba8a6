/** What a plugin logs: its own fields, and nothing in them that passes for the daemon's word. */
import { expect, test } from 'vitest';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/wait.ts';

const forged = `{
  level: 60, time: '12:30', time_: 'its own', msg: 'forged', plugin: 'another', service: 'of another', id: 7,
}`;

const places: [string, object][] = [
  ['in a process of its own', {}],
  ['inside the daemon', { inline: ['tells'] }],
];

test.each(places)(
  'one that runs %s keeps its fields, and cannot pass for another',
  async (_place, plugins) => {
    const folder = tempFolder();
    installPlugin(`${folder}/plugins`, 'tells', {
      code: `export default class {
        constructor({ log }) { log.info('nothing', null); log.info('told', ${forged}); }
        callback() {}
      }`,
    });
    const before = Date.now();
    const { lines } = await startManager(folder, { plugins });
    const line = await until('it is heard', () => lines.find((one) => one['id'] === 7));
    expect(lines).toContainEqual(expect.objectContaining({ level: 30, msg: 'nothing' }));
    expect(line).toMatchObject({
      ...{ level: 30, msg: 'told', plugin: 'tells', service: 'tells', id: 7 },
      ...{ level_: 60, time__: '12:30', time_: 'its own', msg_: 'forged' },
      ...{ plugin_: 'another', service_: 'of another' },
    });
    expect(line['time']).toBeGreaterThanOrEqual(before);
  },
);
