/** The store on a thread of its own against the same store on the main thread: rate, and what the event loop feels. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { v7 as uuidv7 } from 'uuid';
import { SqliteDatabase } from '#dist/store/sqlite/database.js';
import { openDatabase } from '#dist/store/sqlite/open.js';
import { SqliteStore } from '#dist/store/sqlite/store.js';
import type { WriteBatch } from '#dist/store/store.js';
import { benchMessage } from './events.ts';
import { median, round } from './statistics.ts';

const batches = 300;
const batchSize = 50;

export interface StoreRow {
  store: string;
  /** Events with one delivery and one attempt each. */
  eventsPerSecond: number;
  loopDelayP99: number;
}

function makeBatch(): WriteBatch {
  const events = Array.from({ length: batchSize }, (_, id) => {
    const { name, content, headers } = benchMessage(id, Date.now());
    return {
      name,
      originUuid: null,
      headers: JSON.stringify(headers),
      data: content.toString(),
      receivedAt: Date.now(),
      fingerprint: null,
      deliveries: [{ id: uuidv7(), subscriptionUuid: 'subscription' }],
    };
  });
  const attempts = events.map(({ deliveries: [delivery] }) => ({
    deliveryId: delivery?.id ?? '',
    subscriptionUuid: 'subscription',
    number: 1,
    maxAttempts: 10,
    status: 'success' as const,
    startedAt: Date.now(),
    endedAt: Date.now(),
    detail: JSON.stringify({ request_body: 'x'.repeat(300) }),
    nextAttemptAt: null,
  }));
  return { events, attempts };
}

async function measure(
  store: string,
  commit: (batch: WriteBatch) => Promise<void> | void,
): Promise<StoreRow> {
  const all = Array.from({ length: batches }, makeBatch);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  for (const batch of all) {
    await commit(batch);
    // The rest of a daemon's turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  return {
    store,
    eventsPerSecond: round((batches * batchSize) / seconds, 0),
    loopDelayP99: round(Math.max(0, delay.percentile(99) / 1e6 - 1), 2),
  };
}

export async function storeThread(): Promise<StoreRow[]> {
  const rows: StoreRow[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-bench-'));
  for (let round = 0; round < 3; round++) {
    const { database, release } = openDatabase(join(directory, `main-${round}.db`));
    const inline = new SqliteDatabase(database);
    rows.push(await measure('main thread', (batch) => inline.commit(batch)));
    inline.close();
    release();
    const threaded = await SqliteStore.open(join(directory, `thread-${round}.db`));
    rows.push(await measure('own thread', (batch) => threaded.commit(batch)));
    await threaded.close();
  }
  rmSync(directory, { recursive: true });
  return ['main thread', 'own thread'].map((store) => {
    const own = rows.filter((row) => row.store === store);
    return {
      store,
      eventsPerSecond: median(own.map((row) => row.eventsPerSecond)),
      loopDelayP99: median(own.map((row) => row.loopDelayP99)),
    };
  });
}
