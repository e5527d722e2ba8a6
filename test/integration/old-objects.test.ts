/** What is done for every delivery leaves nothing behind among V8's old objects, which are looked through once in minutes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

/** `growths(call)`: how many bytes of old objects a call made in each of seven stretches, the least first. */
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
  export async function growths(call) {
    for (let i = 0; i < 3; i++) await stretch(call);
    // What lives now is old from now on, and what it refers to later lives until the next full collection.
    gc();
    const stretches = [];
    for (let i = 0; i < 7; i++) stretches.push(await stretch(call));
    return JSON.stringify(stretches.sort((a, b) => a - b));
  }
`;

const purging = (file: string) => `
  import { growths } from './measuring.mjs';
  import { openDatabase } from '${packageRoot}/dist/store/sqlite/open.js';
  import { makeWriter } from '${packageRoot}/dist/store/sqlite/writer.js';
  const { database, release } = openDatabase('${file}');
  const { purge } = makeWriter(database);
  const query = { before: Date.now(), after: '', takesParked: false, downTo: null };
  console.log(await growths(() => purge(query)));
  database.close();
  release();
`;

const attempting = (returning: string) => `
  import { growths } from './measuring.mjs';
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
  console.log(await growths(run));
`;

/** Where 30 things of 16 kB each are held at a time: 700 come and go between two looks at the young objects, none is seen twice. */
const slots = `
  const slots = new Array(30).fill(undefined);
  let count = 0;
  const next = () => ({ place: count++ % 30, large: new Array(2_000).fill(count) });
`;

const holding = `
  import { growths } from './measuring.mjs';
  import { Lane, Load } from '${packageRoot}/dist/deliveries/lane.js';
  ${slots}
  const lane = new Lane('a', new Load());
  const pass = () => {
    const { place, large } = next();
    if (slots[place] !== undefined) lane.release(slots[place]);
    const event = { name: 'event', data: large };
    slots[place] = { id: 'a' + count, attempts: 0, attemptsBefore: 0, size: 1, event };
    lane.hold(slots[place]);
    lane.take('fresh');
  };
  console.log(await growths(pass));
`;

const exchanging = `
  import { growths } from './measuring.mjs';
  import { exchange } from '${packageRoot}/plugins/http/dist/exchange.js';
  ${slots}
  const target = { origin: 'http://127.0.0.1', path: '/' };
  const plan = { method: 'POST' };
  const options = { timeout: 60_000, told: 60, maxResponseSize: 100, open: [] };
  const pass = () => {
    const { place, large } = next();
    slots[place]?.onRequestStart({});
    slots[place]?.onResponseStart({}, 200, {});
    slots[place]?.onResponseEnd();
    const sender = { dispatch: (_request, handler) => (slots[place] = handler) };
    const request = { request: { plan, target, body: { content: large } }, headers: {} };
    void exchange(sender, request, { ...options, large });
  };
  console.log(await growths(pass));
  // What is held at the end has timers.
  process.exit();
`;

/** Bytes a call: in the middle of the stretches, since a collection falls into one or two, and at most. */
async function measure(script: string): Promise<{ median: number; most: number }> {
  const folder = tempFolder();
  writeFiles(folder, { 'measuring.mjs': measuring, 'measure.mjs': script });
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-semi-space-size=16',
    '--expose-gc',
    join(folder, 'measure.mjs'),
  ]);
  const stretches = JSON.parse(stdout) as number[];
  return { median: stretches[3] ?? NaN, most: stretches.at(-1) ?? NaN };
}

test('a slice of the purge', async () => {
  const { median } = await measure(purging(join(tempFolder(), 'webhookd.db')));
  expect(median).toBeLessThan(50);
});

test.each([
  ['succeeds', 'return { sent: 1 };'],
  ['fails', 'throw error;'],
])('an attempt that %s', async (_how, returning) => {
  expect((await measure(attempting(returning))).median).toBeLessThan(50);
});

// Kept alive by an old object, all 16 kB of every call would be there until the next full collection.
test.each([
  ['a delivery that a lane holds for a while', holding],
  ['an exchange that takes a while', exchanging],
])('%s', async (_what, script) => {
  expect((await measure(script)).most).toBeLessThan(2_000);
});
