/** The configuration the daemon says it runs with, after it was changed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../dist/config/load.js';
import { Running } from '../../dist/daemon/running.js';
import { readableLog } from '../support/logs.ts';
import { tempFolder } from '../support/temp.ts';

const firstHost = 'bus: { host: first }';
const otherHost = 'bus: { host: other }';

/** What runs, and what is said of each reload. */
function run() {
  const folder = tempFolder();
  const file = join(folder, 'webhookd.yml');
  const write = (text: string) =>
    writeFileSync(file, `extra_config_files: ${folder}/none\n${text}`);
  write(firstHost);
  const sources = { file, environment: {} };
  const { log, lines } = readableLog();
  const told: string[] = [];
  const daemonLog = { log, reload: () => undefined };
  const running = new Running(sources, loadConfig(sources), daemonLog);
  const reload = (text: string) => {
    write(text);
    running.reload({ reload: ({ bus }) => void told.push(bus.host) });
    return lines.at(-1);
  };
  return { running, told, reload };
}

test('what a reload took up is shown, and said once', () => {
  const { running, told, reload } = run();
  expect(reload(otherHost)).toMatchObject({ taken_up: ['bus.host'], needs_restart: [] });
  expect(running.shown()).toMatchObject({ bus: { host: 'other' } });
  expect(reload(otherHost)).toMatchObject({ taken_up: [], needs_restart: [] });
  expect(reload(firstHost)).toMatchObject({ taken_up: ['bus.host'], needs_restart: [] });
  expect(running.shown()).toMatchObject({ bus: { host: 'first' } });
  expect(told).toEqual(['other', 'other', 'first']);
});

test('what waits for a restart is said each time, and what runs is shown', () => {
  const { running, reload } = run();
  for (let times = 0; times < 2; times++)
    expect(reload(`${firstHost}\nrest_api: { port: 9999 }`)).toMatchObject({
      taken_up: [],
      needs_restart: ['rest_api.port'],
    });
  expect(running.shown()).toMatchObject({ rest_api: { port: 9300 } });
});

test('what the API changed is shown until a reload, which takes it back', () => {
  const { running, reload } = run();
  running.setDebug(true);
  expect(running.shown()).toMatchObject({ debug: true });
  expect(reload(firstHost)).toMatchObject({ taken_up: ['debug'] });
  expect(running.shown()).toMatchObject({ debug: false });
});
