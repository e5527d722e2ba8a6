import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { tempFolder } from '../support/temp.ts';
import { describeStore } from './store-conformance.ts';
import { describeStoreLog } from './store-conformance-log.ts';
import { describeStorePurge } from './store-conformance-purge.ts';
import { describeStoreRedelivery } from './store-conformance-redelivery.ts';

async function openEmpty(): Promise<SqliteStore> {
  const store = await SqliteStore.open(join(tempFolder(), 'test.db'));
  onTestFinished(() => store.close());
  return store;
}

describe('the store on SQLite', () => {
  describeStore(openEmpty);
  describeStoreLog(openEmpty);
  describeStorePurge(openEmpty);
  describeStoreRedelivery(openEmpty);
});
