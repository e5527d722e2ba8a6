/** What is listed of subscriptions is what there is up to the last delivery that is listed, whatever happens. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../dist/store/sqlite/migrations/index.js';
import { openDatabase } from '../../dist/store/sqlite/open.js';
import { makeWriter } from '../../dist/store/sqlite/writer.js';
import { sampleAttempt, sampleRecord } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

const subscriptions = ['a', 'b', 'c'];

/** A delivery that is not final. */
interface Pending {
  id: string;
  subscriptionUuid: string;
  attempts: number;
}

class Scene {
  #opened: ReturnType<typeof openDatabase>;
  #pending: Pending[] = [];

  #writer: ReturnType<typeof makeWriter>;

  constructor(readonly file: string) {
    this.#opened = openDatabase(file);
    this.#writer = makeWriter(this.#opened.database);
  }

  /**
   * Events for one or two subscriptions each.
   *
   * @param age of their deliveries, ms
   */
  receive(count: number, age: number): void {
    const events = Array.from({ length: count }, (_, n) => newEvent(n, age));
    this.#writer.commit({ events, attempts: [] });
    const made = events.flatMap(({ deliveries }) => deliveries);
    this.#pending.push(...made.map((one) => ({ ...one, attempts: 0 })));
  }

  /** Attempts at so many, the newest first or the oldest; of first ones some fail, some return a request. */
  attempt(count: number, isNewest: boolean): void {
    const taken = isNewest ? this.#pending.splice(-count) : this.#pending.splice(0, count);
    const attempts = taken.map(({ id, subscriptionUuid, attempts }, n) =>
      sampleAttempt({
        deliveryId: id,
        subscriptionUuid,
        number: attempts + 1,
        startedAt: 1_000 + n,
        nextAttemptAt: attempts === 0 && n % 7 === 0 ? 5_000 : null,
        requests: attempts === 0 && n % 11 === 1 ? [{ id: uuidv7(), request: '{}' }] : [],
      }),
    );
    this.#writer.commit({ events: [], attempts });
    for (const { deliveryId, subscriptionUuid, number, nextAttemptAt, requests } of attempts) {
      if (nextAttemptAt !== null)
        this.#pending.push({ id: deliveryId, subscriptionUuid, attempts: number });
      for (const { id } of requests) this.#pending.push({ id, subscriptionUuid, attempts: 0 });
    }
  }

  /** A commit that would list much, and cannot be kept. */
  fail(): void {
    const events = Array.from({ length: 500 }, (_, n) => newEvent(n, 5_000));
    const twice = events.at(-1);
    if (twice === undefined) return;
    expect(() => this.#writer.commit({ events: [...events, twice], attempts: [] })).toThrow();
  }

  /** Removes all that is final. */
  purge(): void {
    let after: string | null = '';
    while (after !== null) {
      const before = Date.now() + 60_000;
      after = this.#writer.purge({ before, after, takesParked: false, downTo: null }).next;
    }
  }

  catchUp(): void {
    this.#writer.catchUpLists();
    const { database } = this.#opened;
    const last = database.prepare("SELECT coalesce(max(id), '') FROM deliveries").pluck().get();
    expect(this.upTo >= String(last)).toBe(true);
  }

  reopen(): void {
    this.close();
    this.#opened = openDatabase(this.file);
    this.#writer = makeWriter(this.#opened.database);
  }

  close(): void {
    this.#opened.database.close();
    this.#opened.release();
  }

  check(): void {
    const all = (sql: string) => this.#opened.database.prepare(sql).raw().all();
    const { upTo } = this;
    expect(all('SELECT subscription_uuid, id FROM listed_deliveries')).toEqual(
      all(`SELECT subscription_uuid, id FROM deliveries WHERE id <= '${upTo}' ORDER BY 1, 2`),
    );
    expect(all('SELECT * FROM listed_attempts')).toEqual(
      all(`SELECT subscription_uuid, started_at, delivery_id, number
           FROM attempts WHERE delivery_id <= '${upTo}' ORDER BY 1, 2, 3, 4`),
    );
  }

  get listed(): number {
    const { database } = this.#opened;
    return Number(database.prepare('SELECT count(*) FROM listed_deliveries').pluck().get());
  }

  /** The last delivery that is listed. */
  get upTo(): string {
    return String(this.#opened.database.prepare('SELECT up_to FROM listed').pluck().get());
  }
}

/** @param age of its deliveries, ms */
const newEvent = (n: number, age: number) => {
  const of = [
    subscriptions[n % 3] ?? '',
    ...(n % 5 === 0 ? [subscriptions[(n + 1) % 3] ?? ''] : []),
  ];
  return sampleRecord(of, {
    deliveries: of.map((subscriptionUuid) => ({
      id: uuidv7({ msecs: Date.now() - age }),
      subscriptionUuid,
    })),
  });
};

const step = fc.oneof(
  fc.record({
    kind: fc.constant('receive' as const),
    count: fc.integer({ min: 1, max: 600 }),
    age: fc.constantFrom(0, 0, 2_000, 4_000, 60_000),
  }),
  fc.record({
    kind: fc.constant('attempt' as const),
    count: fc.integer({ min: 1, max: 400 }),
    isNewest: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('fail', 'purge', 'catchUp', 'reopen') }),
);

test('after commits, failed ones too, purges, restarts and readers in any order', () => {
  const folder = tempFolder();
  let run = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 15 }), (steps) => {
      const scene = new Scene(join(folder, `${run++}.db`));
      try {
        for (const one of steps) {
          if (one.kind === 'receive') scene.receive(one.count, one.age);
          else if (one.kind === 'attempt') scene.attempt(one.count, one.isNewest);
          else scene[one.kind]();
          scene.check();
        }
        scene.catchUp();
        scene.check();
      } finally {
        scene.close();
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
});

test('by themselves after 500 deliveries, but for those that are younger than a second', () => {
  const scene = new Scene(join(tempFolder(), 'test.db'));
  onTestFinished(() => scene.close());
  // Every fifth event is for two.
  scene.receive(400, 5_000);
  expect(scene.listed).toBe(0);
  scene.receive(50, 0);
  expect(scene.listed).toBe(480);
  scene.check();
});

test('when the clock was set back', () => {
  const scene = new Scene(join(tempFolder(), 'test.db'));
  onTestFinished(() => scene.close());
  scene.receive(5, 0);
  scene.catchUp();
  scene.receive(10, 60_000);
  expect(scene.listed).toBe(18);
  scene.attempt(4, true);
  scene.check();
});

test('when an attempt takes the place of another of its number', () => {
  const { database, release } = openDatabase(join(tempFolder(), 'test.db'));
  onTestFinished(release);
  const writer = makeWriter(database);
  const record = sampleRecord(['a']);
  const attempt = sampleAttempt({
    deliveryId: record.deliveries[0]?.id ?? '',
    subscriptionUuid: 'a',
  });
  writer.commit({ events: [record], attempts: [attempt] });
  writer.catchUpLists();
  writer.commit({ events: [], attempts: [{ ...attempt, startedAt: 3_000 }] });
  expect(database.prepare('SELECT started_at FROM listed_attempts').pluck().all()).toEqual([3_000]);
});

test('when the database is of the version before there were lists', () => {
  const file = join(tempFolder(), 'test.db');
  const former = new Database(file);
  const version = 8;
  for (const sql of migrations.slice(0, version)) former.exec(sql);
  former.exec(`
    INSERT INTO events VALUES (7, 'n', NULL, '{}', '{}', 1, NULL);
    INSERT INTO deliveries (id, event_id, subscription_uuid, status, attempts) VALUES ('d', 7, 'a', 'succeeded', 1);
    INSERT INTO attempts VALUES ('d', 1, 'a', 10, 'success', 2, 3, '{}', NULL)`);
  former.pragma('application_id = 2003331940');
  former.pragma(`user_version = ${version}`);
  former.close();
  const scene = new Scene(file);
  onTestFinished(() => scene.close());
  expect(scene.upTo).toBe('d');
  scene.check();
  scene.receive(600, 5_000);
  scene.check();
});
