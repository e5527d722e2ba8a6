/** What the store's threads may have of the daemon's memory. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

/** Has the writing thread take in a large batch, and prints how much room each thread's young objects have, bytes. */
const measure = `
  import { Session } from 'node:inspector/promises';
  const [, , file, module] = process.argv;
  const { SqliteStore } = await import(module);
  const store = await SqliteStore.open(file);
  const session = new Session();
  session.connect();
  const threads = [];
  const answered = new Map();
  session.on('NodeWorker.attachedToWorker', ({ params }) => threads.push(params.sessionId));
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) =>
    answered.get(params.sessionId)(JSON.parse(params.message).result.result.value),
  );
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const data = JSON.stringify('x'.repeat(200));
  const event = { name: 'event', originUuid: null, headers: '{}', data, receivedAt: 1, fingerprint: null };
  const events = Array.from({ length: 20_000 }, () => ({ ...event, deliveries: [] }));
  await store.commit({ events, attempts: [] });
  const expression = \`process.getBuiltinModule('v8').getHeapSpaceStatistics()
    .find((space) => space.space_name === 'new_space').space_size\`;
  const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
  const sizeIn = (sessionId) => new Promise((resolve) => {
    answered.set(sessionId, resolve);
    void session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  });
  console.log(JSON.stringify(await Promise.all(threads.map(sizeIn))));
  session.disconnect();
  await store.close();
`;

test('the threads’ young objects have 12 MiB, whatever the command line gives the daemon’s own', async () => {
  const folder = tempFolder();
  writeFiles(folder, { 'measure.mjs': measure });
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-semi-space-size=16',
    join(folder, 'measure.mjs'),
    join(folder, 'webhookd.db'),
    join(packageRoot, 'dist', 'store', 'sqlite', 'store.js'),
  ]);
  const sizes = JSON.parse(stdout) as number[];
  expect(sizes.length).toBeGreaterThan(0);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(12 * 2 ** 20);
});
