/** What is done for every delivery leaves nothing behind among V8's old objects, which are looked through once in minutes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

/** `grownBy(call)`: how many bytes of old objects a call makes; a collection falls into one stretch or two, not into most. */
const measuring = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const oldBytes = () =>
    getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;
  const calls = 2_000;
  async function stretch(call) {
    const before = oldBytes();
    for (let i = 0; i < calls; i++) await call();
    return (oldBytes() - before) / calls;
  }
  export async function grownBy(call) {
    for (let i = 0; i < 3; i++) await stretch(call);
    const stretches = [];
    for (let i = 0; i < 7; i++) stretches.push(await stretch(call));
    return stretches.sort((a, b) => a - b)[3];
  }
`;

const purging = (file: string) => `
  import { grownBy } from './measuring.mjs';
  import { openDatabase } from '${packageRoot}/dist/store/sqlite/open.js';
  import { makeWriter } from '${packageRoot}/dist/store/sqlite/writer.js';
  const { database, release } = openDatabase('${file}');
  const { purge } = makeWriter(database);
  const query = { before: Date.now(), after: '', takesParked: false, downTo: null };
  console.log(await grownBy(() => purge(query)));
  database.close();
  release();
`;

const attempting = (returning: string) => `
  import { grownBy } from './measuring.mjs';
  import { RetryPolicies } from '${packageRoot}/dist/deliveries/retry-policy.js';
  import { AttemptRunner } from '${packageRoot}/dist/deliveries/runner.js';
  import { HookRetry } from '${packageRoot}/dist/plugin-api/index.js';
  const { signal } = new AbortController();
  const retries = new RetryPolicies({ schedule: 'wazo', maxAttempts: 5, factor: 2 });
  const runner = new AttemptRunner({ retries, signal, signer: undefined });
  const error = new HookRetry({ error: 'later' });
  const service = { redact: (text) => text, call: () => { ${returning} } };
  const event = { name: 'event', data: {}, headers: {} };
  const delivery = { id: 'a', attempts: 0, attemptsBefore: 0, event };
  const run = () => runner.run(service, { uuid: 'b', delivery: {} }, delivery);
  console.log(await grownBy(run));
`;

/** Bytes a call. */
async function measure(script: string): Promise<number> {
  const folder = tempFolder();
  writeFiles(folder, { 'measuring.mjs': measuring, 'measure.mjs': script });
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-semi-space-size=16',
    join(folder, 'measure.mjs'),
  ]);
  return Number(stdout);
}

test('a slice of the purge', async () => {
  expect(await measure(purging(join(tempFolder(), 'webhookd.db')))).toBeLessThan(50);
});

test.each([
  ['succeeds', 'return { sent: 1 };'],
  ['fails', 'throw error;'],
])('an attempt that %s', async (_how, returning) => {
  expect(await measure(attempting(returning))).toBeLessThan(50);
});
