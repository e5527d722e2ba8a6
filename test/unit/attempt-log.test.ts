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
