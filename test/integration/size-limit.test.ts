/** The limit by size, on a real database. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import type { Purged } from '../../dist/deliveries/purged.js';
import { SizeLimit } from '../../dist/deliveries/size-limit.js';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { readableLog } from '../support/logs.ts';
import { sampleRecord, sampleSubscription } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';
import { attemptOf } from './store-fill.ts';

const maxSize = 4 * 1024 * 1024;

async function setUp() {
  const file = join(tempFolder(), 'test.db');
  const store = await SqliteStore.open(file);
  onTestFinished(() => store.close());
  const { log, lines } = readableLog();
  const said = (level: 'info' | 'warn') =>
    lines.filter((line) => line.level === log.levels.values[level]).map(({ msg }) => msg);
  const purged: Purged[] = [];
  const limit = new SizeLimit({
    store,
    maxSize,
    isStopped: () => false,
    onPurged: (what) => purged.push(what),
    log,
  });
  const pages = async () => {
    const { total, free } = await store.size();
    return { total, used: total - free };
  };
  return { file, store, limit, log, said, purged, pages };
}

let clock = 1_000;

/** About 100 KiB: events with a delivery each, which are final when they are to be. */
async function fill(store: SqliteStore, subscription: string, isFinal: boolean): Promise<string[]> {
  const events = Array.from({ length: 50 }, () => {
    const at = clock++;
    const deliveries = [{ id: uuidv7({ msecs: at }), subscriptionUuid: subscription }];
    return sampleRecord([], {
      receivedAt: at,
      data: JSON.stringify('x'.repeat(1_500)),
      deliveries,
    });
  });
  const ids = events.map(({ deliveries: [delivery] }) => delivery?.id ?? '');
  await store.commit({
    events,
    attempts: isFinal ? ids.map((id) => attemptOf(id, { subscriptionUuid: subscription })) : [],
  });
  return ids;
}

test('the file stays within the limit however much comes, and what came last is kept', async () => {
  const { file, store, limit, said, purged, pages } = await setUp();
  let last: string[] = [];
  for (let round = 0; round < 120; round++) {
    last = await fill(store, 'a', true);
    await limit.check();
    expect((await pages()).total).toBeLessThanOrEqual(maxSize * 1.1);
  }
  expect((await pages()).used).toBeGreaterThan(maxSize * 0.9);
  expect(statSync(file).size).toBeLessThanOrEqual(maxSize * 1.1);
  expect(statSync(`${file}-wal`).size).toBeLessThanOrEqual(32 * 1024 * 1024);
  for (const id of last) expect(await store.delivery(id)).not.toBeNull();
  expect(purged.length).toBeGreaterThan(10);
  expect(said('warn')).toEqual([]);
  expect(said('info')).toEqual([expect.stringMatching(/has reached delivery.max_size/)]);
});

test('parked deliveries go when there is nothing else, and people are told', async () => {
  const { store, limit, said, purged, pages } = await setUp();
  const disabled = { reason: 'manual', at: 1 } as const;
  await store.putSubscription(sampleSubscription({ uuid: 'parked', disabled }));
  const [oldest = ''] = await fill(store, 'parked', false);
  for (let round = 0; round < 20; round++) await fill(store, 'done', true);
  while ((await pages()).used < maxSize) await fill(store, 'parked', false);
  await limit.check();
  expect(purged).toMatchObject([{ parked: 0 }]);
  expect(await store.delivery(oldest)).not.toBeNull();
  for (let round = 0; round < 20; round++) await fill(store, 'parked', false);
  await limit.check();
  expect(await store.delivery(oldest)).toBeNull();
  expect((await store.attempts(logOf('done'))).filtered).toBe(0);
  expect((await pages()).used).toBeLessThan(maxSize);
  expect(said('warn')).toEqual([expect.stringMatching(/^\d+ parked deliveries were never/)]);
});

test('what is still to be delivered stays, and people are told; afterwards the file shrinks', async () => {
  const { file, store, limit, log, said, purged, pages } = await setUp();
  const ids: string[] = [];
  while ((await pages()).used < maxSize * 1.5) ids.push(...(await fill(store, 'a', false)));
  await limit.check();
  await limit.check();
  expect(purged).toMatchObject([{ deliveries: 0 }]);
  expect(said('warn')).toEqual([expect.stringMatching(/all that is left in it is still to/)]);

  await store.commit({ events: [], attempts: ids.map((id) => attemptOf(id, {})) });
  const later = new SizeLimit({
    store,
    maxSize,
    isStopped: () => false,
    onPurged: () => undefined,
    log,
  });
  await later.check();
  const { total, used } = await pages();
  expect(used).toBeLessThan(maxSize * 0.95);
  expect(total).toBeLessThanOrEqual(maxSize);
  await store.close();
  expect(statSync(file).size).toBe(total);
});

const logOf = (subscriptionUuid: string) =>
  ({
    subscriptionUuid,
    limit: 0,
    offset: 0,
    order: 'started_at',
    direction: 'asc',
    from: null,
    search: null,
  }) as const;
