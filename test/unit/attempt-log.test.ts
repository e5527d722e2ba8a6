import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AttemptLog } from '../../dist/store/sqlite/attempt-log.js';
import { openDatabase } from '../../dist/store/sqlite/open.js';
import { makeWriter } from '../../dist/store/sqlite/writer.js';
import { QueryTooLong } from '../../dist/store/store.js';
import { sampleAttempt, sampleRecord } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

test('a search that takes too long is given up, and says what to ask instead', () => {
  const { database, release } = openDatabase(join(tempFolder(), 'test.db'));
  onTestFinished(release);
  const writer = makeWriter(database);
  const record = sampleRecord(['a']);
  const deliveryId = record.deliveries[0]?.id ?? '';
  const attempts = [sampleAttempt({ deliveryId, subscriptionUuid: 'a' })];
  writer.commit({ events: [record], attempts });
  writer.catchUpLists();
  const log = new AttemptLog(database, -1);
  onTestFinished(() => log.close());
  const query = {
    subscriptionUuid: 'a',
    limit: 1,
    offset: 0,
    order: 'started_at',
    direction: 'desc',
    from: null,
  } as const;
  expect(() => log.attempts({ ...query, search: 'x' })).toThrow(QueryTooLong);
  expect(() => log.attempts({ ...query, search: 'x' })).toThrow('give from_date');
  expect(log.attempts({ ...query, search: null }).filtered).toBe(1);
});

test('a page of large events ends early, and those after it have the rest', () => {
  const { database, release } = openDatabase(join(tempFolder(), 'test.db'));
  onTestFinished(release);
  const data = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
  const records = Array.from({ length: 20 }, () => sampleRecord(['a'], { data }));
  const ids = records.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
  const attempts = ids.map((deliveryId) => sampleAttempt({ deliveryId, subscriptionUuid: 'a' }));
  const writer = makeWriter(database);
  writer.commit({ events: records, attempts });
  writer.catchUpLists();
  const log = new AttemptLog(database);
  onTestFinished(() => log.close());

  const attempted: string[] = [];
  for (let count = 20; attempted.length < count;) {
    const { items, filtered } = log.attempts({
      subscriptionUuid: 'a',
      limit: 1000,
      offset: attempted.length,
      order: 'started_at',
      direction: 'desc',
      from: null,
      search: null,
    });
    expect(items.length).toBeGreaterThan(0);
    expect(items.length).toBeLessThan(20);
    attempted.push(...items.map(({ deliveryId }) => deliveryId));
    count = filtered;
  }
  expect(attempted.sort()).toEqual([...ids].sort());

  const all = { subscriptionUuids: null, status: null, event: null, since: null, until: null };
  const first = log.deliveries({ ...all, before: null, limit: 1000 });
  expect(first.items.length).toBeLessThan(20);
  const second = log.deliveries({ ...all, before: first.next, limit: 1000 });
  expect(second.next).toBeNull();
  const listed = [...first.items, ...second.items].map(({ id }) => id);
  expect(listed.sort()).toEqual([...ids].sort());
});
