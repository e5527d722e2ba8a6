/** A store that cannot be written to for a while. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { TestPublisher } from '../support/publisher.ts';
import { writeFiles } from '../support/temp.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

let daemon: TestDaemon;
let inbox: Inbox;
let publisher: TestPublisher;

beforeAll(async () => {
  const url = await newVhost();
  inbox = await Inbox.open();
  daemon = await new TestDaemon({ brokerUrl: url }).start();
  publisher = await TestPublisher.open(url);
});

afterAll(async () => {
  await publisher.close();
  await daemon.remove();
  await inbox.close();
});

const storeStatus = async () =>
  (await daemon.call<{ store: { status: string } }>('GET', '/status')).body.store.status;

test('while the store is locked nothing is acked or delivered; then everything is, once', async () => {
  await daemon.subscribe(['call_created'], inbox.url);
  const intruder = new Database(daemon.databaseFile);
  intruder.exec('BEGIN IMMEDIATE');
  await publisher.publish(
    ...Array.from({ length: 20 }, (_, id) => ({ name: 'call_created', data: { id } })),
  );
  await daemon.logged('the store is unavailable');
  expect(await storeStatus()).toBe('fail');
  expect(inbox.requests).toHaveLength(0);

  intruder.exec('ROLLBACK');
  intruder.close();
  await daemon.logged('the store is available again');
  await inbox.received(20);
  await until('every outcome is kept', async () => (await storeStatus()) === 'ok');
  expect([...inbox.countsById().values()]).toEqual(Array.from({ length: 20 }, () => 1));
  expect(await daemon.stop()).toBe(0);
});

test('events that were not acked when the daemon was killed come back', async () => {
  await daemon.start();
  const arrived = inbox.requests.length;
  const intruder = new Database(daemon.databaseFile);
  intruder.exec('BEGIN IMMEDIATE');
  await publisher.publish({ name: 'call_created', data: { id: 'held' } });
  await daemon.logged('the store is unavailable');
  await daemon.kill();
  intruder.exec('ROLLBACK');
  intruder.close();
  await daemon.start();
  await inbox.received(arrived + 1);
  expect(inbox.countsById().get('held')).toBe(1);
});

test('a thread of the store that ends under a commit ends the daemon, and no event is lost or set aside', async () => {
  await daemon.stop();
  writeFiles(daemon.directory, {
    'mortal.mjs': `process.on('worker', (thread) => {
      const { postMessage } = thread;
      thread.postMessage = (call) =>
        call.method === 'commit' ? thread.terminate() : postMessage.call(thread, call);
    });`,
  });
  daemon.environment = { NODE_OPTIONS: `--import=${join(daemon.directory, 'mortal.mjs')}` };
  await daemon.start();
  await daemon.subscribe(['thread_ended'], inbox.url);
  await publisher.publish({ name: 'thread_ended', data: { id: 'mortal' } });
  expect(await daemon.ended()).toBe(1);
  expect(daemon.output).toMatch(/^webhookd: the thread that writes the database ended: /m);
  daemon.environment = {};
  await daemon.start();
  await until('it has arrived', () => inbox.countsById().get('mortal') === 1);
});
