/** Deliveries that are taken up again, one by one or as a replay, and those that are cancelled. */
import type Database from 'better-sqlite3';
import type { Replay, ReplaySelection } from '../../model.ts';
import { replayed } from './delivery-log.ts';
import type { Lists } from './lists.ts';
import { listedDeliveries } from './selection.ts';

interface ReplayRow {
  id: string;
  subscription_uuid: string;
  selection: string;
  status: Replay['status'];
  total: number;
  done: number;
  after: string;
  created_at: number;
  ended_at: number | null;
}

/** Deliveries looked at in one slice of a replay. */
const mostLooked = 2_000;

/** The schedule begins anew: attempts made before do not count. */
const takeUp = `
  UPDATE deliveries SET status = 'pending', next_attempt_at = ?, attempts_before = attempts
  WHERE id = ? AND status <> 'pending'`;

export function redeliveryTables(database: Database.Database, lists: Lists) {
  const putReplay = (replay: Replay): void => {
    database
      .prepare(
        `INSERT OR REPLACE INTO replays VALUES (@id, @subscriptionUuid, @selection, @status, @total,
           @done, @after, @createdAt, @endedAt)`,
      )
      .run({ ...replay, selection: JSON.stringify(replay.selection) });
  };
  const findReplay = (id: string): Replay | null => {
    const row = database.prepare<[string], ReplayRow>('SELECT * FROM replays WHERE id = ?').get(id);
    return row === undefined ? null : toReplay(row);
  };
  return {
    retryDelivery(id: string, now: number): boolean {
      const hasEnded = database.prepare(takeUp).run(now, id).changes > 0;
      const isPending = database
        .prepare(
          `UPDATE deliveries SET next_attempt_at = ?, attempts_before = attempts
           WHERE id = ? AND status = 'pending'`,
        )
        .run(now, id);
      return hasEnded || isPending.changes > 0;
    },

    cancelDelivery: (id: string): boolean =>
      database
        .prepare(
          `UPDATE deliveries SET status = 'cancelled', next_attempt_at = NULL
           WHERE id = ? AND status = 'pending'`,
        )
        .run(id).changes > 0,

    hastenParked(subscriptionUuid: string, now: number): void {
      database
        .prepare(
          `UPDATE deliveries
           SET next_attempt_at = (SELECT min(received_at, ?) FROM events WHERE events.id = event_id)
           WHERE subscription_uuid = ? AND next_attempt_at IS NOT NULL AND attempts > 0`,
        )
        .run(now, subscriptionUuid);
    },

    replays: (): Replay[] =>
      database.prepare<[], ReplayRow>('SELECT * FROM replays').all().map(toReplay),

    replay: findReplay,

    putReplay,

    advanceReplay: (replay: Replay, limit: number, now: number): Replay =>
      database.transaction(() => {
        const known = findReplay(replay.id);
        // Its subscription was deleted.
        if (known?.status !== 'running')
          return known ?? { ...replay, status: 'cancelled' as const };
        lists.catchUp();
        const { found, last } = lookOn(database, replay, limit);
        for (const id of found) database.prepare(takeUp).run(now, id);
        const isDone = last === null;
        const next: Replay = {
          ...replay,
          done: replay.done + found.length,
          after: last ?? replay.after,
          status: isDone ? 'done' : 'running',
          endedAt: isDone ? now : null,
        };
        putReplay(next);
        return next;
      })(),

    answer: (key: string): string | null =>
      database
        .prepare<[string], string>('SELECT sealed FROM answers WHERE key = ?')
        .pluck()
        .get(key) ?? null,

    putAnswer(key: string, sealed: string, createdAt: number, before: number): void {
      database.prepare('DELETE FROM answers WHERE created_at < ?').run(before);
      database
        .prepare('INSERT OR REPLACE INTO answers VALUES (?, ?, ?)')
        .run(key, sealed, createdAt);
    },
  };
}

/**
 * The next ones to take up, and where to go on from; null: there is nothing more. However few there are
 * among those of the subscription, no more than a slice is looked at: commits wait meanwhile.
 */
function lookOn(
  database: Database.Database,
  { subscriptionUuid, selection, after }: Replay,
  limit: number,
): { found: string[]; last: string | null } {
  const { text, values } = replayed(subscriptionUuid, selection);
  const slice = 'subscription_uuid = ? AND id > ? ORDER BY id LIMIT ?';
  const place = [subscriptionUuid, after, mostLooked] as const;
  const end = database
    .prepare<unknown[], { count: number; last: string | null }>(
      `SELECT count(*) AS count, max(id) AS last FROM (SELECT id FROM listed_deliveries WHERE ${slice})`,
    )
    .get(...place);
  const found = database
    .prepare<unknown[], string>(
      `SELECT d.id FROM ${listedDeliveries} JOIN events e ON e.id = d.event_id
       WHERE ${text} AND l.id > ? AND l.id <= ? ORDER BY l.id LIMIT ?`,
    )
    .pluck()
    .all(...values, after, end?.last ?? '', limit);
  if (found.length === limit) return { found, last: found.at(-1) ?? null };
  return { found, last: end?.count === mostLooked ? end.last : null };
}

const toReplay = (row: ReplayRow): Replay => ({
  id: row.id,
  subscriptionUuid: row.subscription_uuid,
  selection: JSON.parse(row.selection) as ReplaySelection,
  status: row.status,
  total: row.total,
  done: row.done,
  after: row.after,
  createdAt: row.created_at,
  endedAt: row.ended_at,
});
