/** A store that cannot be written to for a while. */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { TestPublisher } from '../support/publisher.ts';
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
