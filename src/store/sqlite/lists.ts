/**
 * What a subscription has, its deliveries and its attempts by age, for those who look at it.
 *
 * As indices they would take a third of a commit's time, or half with a thousand subscriptions: each delivery changes
 * two pages more, those of its subscription. So they are tables that are written later, many entries at once and in
 * their own order, and before anybody reads them. How far they are is kept with them, so that a crash leaves nothing out.
 */
import type Database from 'better-sqlite3';
import type { AttemptRecord } from '../store.ts';
import { firstIdOf } from './time-ids.ts';

/** Younger deliveries, ms, are mostly under way. An attempt at one that is listed already is listed by itself. */
const young = 1_000;

/** After so many deliveries those that are no longer young are listed together. */
const batch = 500;

export type Lists = ReturnType<typeof subscriptionLists>;

export function subscriptionLists(database: Database.Database) {
  const selectUpTo = database.prepare<[], string>('SELECT up_to FROM listed').pluck();
  const selectLast = database.prepare<[], string | null>('SELECT max(id) FROM deliveries').pluck();
  const setUpTo = database.prepare<[string]>('UPDATE listed SET up_to = ?');
  const listDeliveries = database.prepare<[string, string]>(`
    INSERT OR IGNORE INTO listed_deliveries
    SELECT subscription_uuid, id FROM deliveries WHERE id > ? AND id <= ? ORDER BY 1, 2`);
  const listAttempts = database.prepare<[string, string]>(`
    INSERT OR IGNORE INTO listed_attempts
    SELECT subscription_uuid, started_at, delivery_id, number FROM attempts
    WHERE delivery_id > ? AND delivery_id <= ? ORDER BY 1, 2, 3, 4`);
  const addDelivery = database.prepare<[string, string]>(
    'INSERT OR IGNORE INTO listed_deliveries VALUES (?, ?)',
  );
  const addAttempt = database.prepare<[string, number, string, number]>(
    'INSERT OR IGNORE INTO listed_attempts VALUES (?, ?, ?, ?)',
  );
  /** Deliveries since the last time that some were listed. */
  let added = 0;

  const extend = database.transaction((from: string, to: string) => {
    listDeliveries.run(from, to);
    listAttempts.run(from, to);
    setUpTo.run(to);
  });

  /** The last delivery that is listed. Asked for in each transaction: one that fails takes back what it has set. */
  const upTo = () => selectUpTo.get() ?? '';

  return {
    upTo,

    /** Part of a commit: a delivery before the last one that is listed, since it waited, or the clock was set back. */
    addDelivery: (subscriptionUuid: string, id: string): void =>
      void addDelivery.run(subscriptionUuid, id),

    /** Part of a commit: an attempt at a delivery that is listed. */
    addAttempt: ({ subscriptionUuid, startedAt, deliveryId, number }: AttemptRecord): void =>
      void addAttempt.run(subscriptionUuid, startedAt, deliveryId, number),

    /**
     * Part of every commit, at its end.
     *
     * @param from the last delivery that is listed
     * @param deliveries how many the commit has that are new
     */
    keepUp(from: string, deliveries: number): void {
      added += deliveries;
      if (added < batch) return;
      added = 0;
      const to = firstIdOf(Date.now() - young);
      if (to > from) extend(from, to);
    },

    /** Lists all there is. */
    catchUp(): void {
      const from = upTo();
      const to = selectLast.get() ?? '';
      if (to > from) extend(from, to);
    },
  };
}
