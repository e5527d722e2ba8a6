import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { UserError } from '../../dist/errors.js';
import { deliveryTables } from '../../dist/store/sqlite/deliveries.js';
import { subscriptionLists } from '../../dist/store/sqlite/lists.js';
import { migrations } from '../../dist/store/sqlite/migrations/index.js';
import { openDatabase } from '../../dist/store/sqlite/open.js';
import { GroupCommit } from '../../dist/store/group-commit.js';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { silentLog } from '../support/logs.ts';
import { sampleAttempt, sampleRecord, sampleSubscription } from '../support/samples.ts';
import { StoreUnavailable } from '../../dist/store/store.js';
import { tempFolder, writeFiles } from '../support/temp.ts';
import { until } from '../support/wait.ts';

const newFile = () => join(tempFolder(), 'test.db');

async function open(file: string): Promise<SqliteStore> {
  const store = await SqliteStore.open(file);
  onTestFinished(() => store.close());
  return store;
}

/** Why the file cannot be opened. Fails when it can, or when the file is not what it was before. */
async function refusal(file: string): Promise<string> {
  const before = readFileSync(file);
  const error = await SqliteStore.open(file).then(
    async (store) => {
      await store.close();
      throw new Error('it was opened');
    },
    (reason: unknown) => reason,
  );
  expect(readFileSync(file).equals(before)).toBe(true);
  if (!(error instanceof UserError)) throw error;
  return error.message.replaceAll(file, 'FILE');
}

/** A database with something in it, closed. */
async function filled(): Promise<string> {
  const file = newFile();
  const store = await SqliteStore.open(file);
  for (let round = 0; round < 20; round++) {
    const events = Array.from({ length: 50 }, () =>
      sampleRecord(['a', 'b'], { data: JSON.stringify('x'.repeat(500)) }),
    );
    await store.commit({ events, attempts: [] });
  }
  await store.close();
  return file;
}

describe('what was committed', () => {
  test('is there when the file is opened again', async () => {
    const file = newFile();
    const first = await SqliteStore.open(file);
    const subscription = sampleSubscription();
    await first.putSubscription(subscription);
    await first.commit({ events: [sampleRecord(['a'])], attempts: [] });
    await first.close();
    const second = await open(file);
    expect(await second.subscriptions()).toEqual([subscription]);
    expect(await second.backlog()).toHaveLength(1);
  });

  test('of an attempt that was not counted, as earlier versions had it, does not refuse the next one', async () => {
    const store = await open(newFile());
    const record = sampleRecord(['a']);
    const [{ id: deliveryId } = { id: '' }] = record.deliveries;
    const attempts = [sampleAttempt({ deliveryId, status: 'failure', nextAttemptAt: 5_000 })];
    await store.commit({ events: [record], attempts });
    await store.commit({ events: [], attempts: [sampleAttempt({ deliveryId })] });
    expect(await store.delivery(deliveryId)).toMatchObject({
      delivery: { status: 'succeeded' },
      attempts: [{ number: 1, status: 'success' }],
    });
  });

  test('can be read by a backup while the store is open', async () => {
    const file = newFile();
    const store = await open(file);
    await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
    const reader = new Database(file, { readonly: true });
    onTestFinished(() => void reader.close());
    expect(reader.prepare('SELECT count(*) AS count FROM events').get()).toEqual({ count: 1 });
    expect(reader.pragma('journal_mode', { simple: true })).toBe('wal');
  });
});

test('a commit is on disk when it is said to be: write-ahead log, and an fsync for each', () => {
  const { database, release } = openDatabase(newFile());
  onTestFinished(() => {
    database.close();
    release();
  });
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(database.pragma('synchronous', { simple: true })).toBe(2);
});

test('events are read as they are taken: what is sorted is their deliveries’ ids', () => {
  const { database, release } = openDatabase(newFile());
  onTestFinished(() => {
    database.close();
    release();
  });
  const prepare = vi.spyOn(database, 'prepare');
  deliveryTables(database, subscriptionLists(database));
  const queries = prepare.mock.calls
    .map(([sql]) => sql)
    .filter((sql) => sql.includes('JOIN events'));
  expect(queries).not.toEqual([]);
  for (const sql of queries) {
    const values = Array.from(sql.matchAll(/\?/g), () => 0);
    const plan = database
      .prepare<unknown[], { parent: number; detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values);
    const outer = plan.filter(({ parent }) => parent === 0).map(({ detail }) => detail);
    expect(outer.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([]);
  }
});

describe('the file', () => {
  test('is its owner’s alone, and so are those beside it', async () => {
    const file = newFile();
    const store = await open(file);
    await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
    for (const name of [file, `${file}-wal`, `${file}-shm`])
      expect(statSync(name).mode & 0o777).toBe(0o600);
  });

  test('is made with the directories above it', async () => {
    const file = join(tempFolder(), 'not', 'there', 'yet.db');
    await open(file);
    expect(existsSync(file)).toBe(true);
  });

  test('is released when the store is closed', async () => {
    const file = newFile();
    await (await SqliteStore.open(file)).close();
    await expect(open(file)).resolves.toBeDefined();
  });
});

describe('a file is refused, in words and untouched', () => {
  test('while another one has it open', async () => {
    const file = newFile();
    const store = await open(file);
    expect(await refusal(file)).toBe(
      'database.uri: FILE is in use by another webhookd; stop that one first, or give this one a database of its own',
    );
    await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
    expect(await store.backlog()).toHaveLength(1);
  });

  test('when a newer version wrote it', async () => {
    const file = await filled();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    expect(await refusal(file)).toMatch(
      /^database\.uri: FILE was written by a newer webhookd \(its schema is version 99, this one knows \d+\); install that version again/,
    );
  });

  test('when it belongs to another program', async () => {
    const file = newFile();
    const database = new Database(file);
    database.exec('CREATE TABLE theirs (id)');
    database.close();
    expect(await refusal(file)).toBe(
      'database.uri: FILE is a database of another program; it was left as it is',
    );
  });

  test.each([
    ['text', 'this is no database at all, but a text of some length '.repeat(100)],
    ['short text', 'hello'],
    ['a header of SQLite with nothing behind it', 'SQLite format 3\0'],
  ])('when it is %s', async (_what, content) => {
    const file = newFile();
    writeFileSync(file, content);
    expect(await refusal(file)).toMatch(
      /^database\.uri: FILE is damaged or no SQLite database \(.+\); restore a backup/,
    );
  });

  test('when its end is missing', async () => {
    const file = await filled();
    truncateSync(file, Math.floor(statSync(file).size / 2));
    expect(await refusal(file)).toMatch(/^database\.uri: FILE is damaged or no SQLite database/);
  });

  test('when pages in the middle were overwritten', async () => {
    const file = await filled();
    const content = readFileSync(file);
    content.fill(0xa5, 4096 * 10, 4096 * 40);
    writeFileSync(file, content);
    expect(await refusal(file)).toMatch(/^database\.uri: FILE is damaged or no SQLite database/);
  });

  test('when it is a directory', async () => {
    const folder = join(tempFolder(), 'test.db');
    mkdirSync(folder);
    await expect(SqliteStore.open(folder)).rejects.toThrow(
      /^database\.uri: .* cannot be (used|made)/,
    );
    await expect(SqliteStore.open(folder)).rejects.toBeInstanceOf(UserError);
  });
});

describe('a place where no file can be made is told', () => {
  test('when a file is in the way of its directory', async () => {
    const folder = tempFolder();
    writeFiles(folder, { blocked: '' });
    const file = join(folder, 'blocked', 'test.db');
    await expect(SqliteStore.open(file)).rejects.toThrow(`database.uri: ${file} cannot be made: `);
    await expect(SqliteStore.open(file)).rejects.toThrow(
      'name a file in a directory that the daemon’s user may write to',
    );
  });

  test('when the directory does not let new files in', async () => {
    // The files of /proc refuse root as well.
    await expect(SqliteStore.open('/proc/self/test.db')).rejects.toThrow(
      'database.uri: /proc/self/test.db cannot be made: ',
    );
  });

  test('when a file beside it cannot be made', async () => {
    const folder = tempFolder();
    const file = join(folder, 'test.db');
    writeFiles(folder, { 'test.db.lock/keep': '' });
    await expect(SqliteStore.open(file)).rejects.toThrow(
      `database.uri: ${file}.lock cannot be used: `,
    );
    await expect(SqliteStore.open(file)).rejects.toBeInstanceOf(UserError);
  });
});

describe('a long search of the log', () => {
  test('holds up no commit, and ends its thread when nobody asks any more', async () => {
    const store = await open(await filled());
    const events = Array.from({ length: 500 }, () =>
      sampleRecord(['a'], { data: JSON.stringify('y'.repeat(2_000)) }),
    );
    const attempts = events.map(({ deliveries: [delivery] }) =>
      sampleAttempt({ deliveryId: delivery?.id ?? '', subscriptionUuid: 'a' }),
    );
    await store.commit({ events, attempts });
    for (let number = 2; number < 60; number++)
      await store.commit({
        events: [],
        attempts: attempts.map((attempt) => ({ ...attempt, number })),
      });
    const order: string[] = [];
    const search = 'a word that is nowhere in these thirty thousand attempts';
    const searched = store
      .attempts({
        subscriptionUuid: 'a',
        limit: 10,
        offset: 0,
        order: 'status',
        direction: 'asc',
        from: null,
        search,
      })
      .then(({ filtered }) => order.push(`found ${filtered}`));
    for (let n = 0; n < 3; n++) {
      await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
      order.push('committed');
    }
    await searched;
    expect(order).toEqual(['committed', 'committed', 'committed', 'found 0']);
  });
});

test('what subscriptions have is shown to its last, and without the latest while nothing can be written', async () => {
  const file = newFile();
  const store = await open(file);
  const commit = async () => {
    const delivery = { id: uuidv7(), subscriptionUuid: 'a' };
    const event = sampleRecord([], { deliveries: [delivery] });
    const attempt = sampleAttempt({ deliveryId: delivery.id, subscriptionUuid: 'a' });
    await store.commit({ events: [event], attempts: [attempt] });
  };
  const anytime = { from: null, since: null, until: null, before: null };
  const first = { limit: 10, offset: 0, order: 'started_at', direction: 'desc' } as const;
  const attempts = () =>
    store
      .attempts({ ...anytime, ...first, subscriptionUuid: 'a', search: null })
      .then(({ filtered }) => filtered);
  const deliveries = () =>
    store
      .deliveries({ ...anytime, subscriptionUuids: ['a'], status: null, event: null, limit: 10 })
      .then(({ items }) => items.length);
  const replayable = () =>
    store
      .countReplay('a', { ...anytime, statuses: ['succeeded'], events: [] })
      .then(({ succeeded }) => succeeded);
  const readers = [attempts, deliveries, replayable];
  for (const [place, read] of readers.entries()) {
    await commit();
    expect(await read()).toBe(place + 1);
  }
  await commit();
  const intruder = new Database(file);
  onTestFinished(() => void intruder.close());
  intruder.exec('BEGIN IMMEDIATE');
  expect(await deliveries()).toBe(3);
  intruder.exec('ROLLBACK');
  for (const read of readers) expect(await read()).toBe(4);
});

describe('a file that is taken away while it is open', () => {
  /** A store in use, and what it told of its file. */
  async function used() {
    const file = newFile();
    const told: string[] = [];
    const store = await SqliteStore.open(file, {
      onMissing: (reason) => told.push(reason.replaceAll(file, 'FILE')),
    });
    onTestFinished(() => store.close());
    await store.commit({ events: [sampleRecord(['a'])], attempts: [] });
    return { file, told, store };
  }

  test.each([
    ['deleted', 'FILE was deleted', (file: string) => unlinkSync(file)],
    ['replaced', 'FILE was replaced by another file', replace],
    ['robbed of its log', 'FILE-wal was deleted', (file: string) => unlinkSync(`${file}-wal`)],
  ])('%s, nothing more is kept, and it is told once', async (_what, reason, take) => {
    const { file, told, store } = await used();
    take(file);
    const record = sampleRecord(['a']);
    // It is tried again, and must not be taken for a record that is at fault.
    for (let tries = 0; tries < 2; tries++)
      await expect(store.commit({ events: [record], attempts: [] })).rejects.toThrow(
        StoreUnavailable,
      );
    await expect(store.putSetting('a', 'b')).rejects.toThrow(StoreUnavailable);
    await until('it is told', () => told.length > 0);
    expect(told).toEqual([`${reason} while the daemon was running`]);
  });
});

describe('a thread that ends by itself', () => {
  /** Threads that are started during the test. */
  function threads(): Worker[] {
    const started: Worker[] = [];
    const note = (worker: Worker) => void started.push(worker);
    process.on('worker', note);
    onTestFinished(() => void process.off('worker', note));
    return started;
  }

  test('fails no record, and is told once', async () => {
    const [started, told, settled] = [threads(), [] as string[], [] as unknown[]];
    const store = await SqliteStore.open(newFile(), {
      onDeath: ({ message }) => told.push(message),
    });
    const [thread] = started;
    // In the place of the commit.
    if (thread !== undefined) thread.postMessage = () => void thread.terminate();
    const commits = new GroupCommit(store, silentLog);
    commits.addEvent(sampleRecord(['a']), (error) => settled.push(error));
    commits.addAttempt(sampleAttempt(), (error) => settled.push(error));
    await until('it is told', () => told.length > 0);
    await expect(store.backlog()).rejects.toThrow(StoreUnavailable);
    await commits.drained();
    commits.stop();
    await store.close();
    expect({ settled, told }).toEqual({ settled: [], told: ['exit with status 1'] });
  });

  test('when it was asked to, is no news', async () => {
    const told: unknown[] = [];
    const store = await SqliteStore.open(newFile(), { onDeath: (reason) => told.push(reason) });
    await store.close();
    await expect(store.backlog()).rejects.toThrow('the store is closed');
    expect(told).toEqual([]);
  });

  test('and reads the log has another one take its place', async () => {
    const started = threads();
    const store = await open(await filled());
    expect(await store.pending()).toMatchObject({ count: 2_000 });
    await started.at(-1)?.terminate();
    expect(await store.pending()).toMatchObject({ count: 2_000 });
  });

  test('and reads the log, while it is let go of, keeps nothing else from being closed', async () => {
    const started = threads();
    const store = await SqliteStore.open(newFile());
    await store.pending();
    const log = started.at(-1);
    // In the place of the answer.
    if (log !== undefined) log.postMessage = () => void log.terminate();
    await store.close();
    await expect(store.backlog()).rejects.toThrow('the store is closed');
  });
});

/** As a restored backup does. */
function replace(file: string): void {
  writeFileSync(`${file}.other`, '');
  renameSync(`${file}.other`, file);
}

describe('a database of the first version', () => {
  test('is brought up to date with its tokens: the local administrator’s is the master tenant’s', async () => {
    const file = newFile();
    const database = new Database(file);
    database.exec(migrations[0] ?? '');
    database.exec(`INSERT INTO tokens VALUES
      ('1', 'local administrator', 'h1', 'some tenant', 5), ('2', 'mine', 'h2', 'my tenant', 6)`);
    database.pragma(`application_id = 2003331940`);
    database.pragma('user_version = 1');
    database.close();
    const store = await open(file);
    const grant = { userUuid: null, acl: ['#'] };
    expect(await store.tokens()).toEqual([
      {
        uuid: '1',
        name: 'local administrator',
        hash: 'h1',
        tenantUuid: null,
        createdAt: 5,
        ...grant,
      },
      { uuid: '2', name: 'mine', hash: 'h2', tenantUuid: 'my tenant', createdAt: 6, ...grant },
    ]);
  });
});
