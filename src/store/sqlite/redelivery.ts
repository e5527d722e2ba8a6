/** Deliveries that are taken up again, one by one or as a replay, and those that are cancelled. */
import type Database from 'better-sqlite3';
import type { Replay, ReplaySelection } from '../../model.ts';
import { replayed } from './delivery-log.ts';

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

/** The schedule begins anew: attempts made before do not count. */
const takeUp = `
  UPDATE deliveries SET status = 'pending', next_attempt_at = ?, attempts_before = attempts
  WHERE id = ? AND status <> 'pending'`;

export function redeliveryTables(database: Database.Database) {
  const putReplay = (replay: Replay): void => {
    database
      .prepare(
        `INSERT OR REPLACE INTO replays VALUES (@id, @subscriptionUuid, @selection, @status, @total,
           @done, @after, @createdAt, @endedAt)`,
      )
      .run({ ...replay, selection: JSON.stringify(replay.selection) });
  };
  return {
    retryDelivery(id: string, now: number): boolean {
      const hasEnded = database.prepare(takeUp).run(now, id).changes > 0;
      const isPending = database
        .prepare("UPDATE deliveries SET next_attempt_at = ? WHERE id = ? AND status = 'pending'")
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

    replays: (): Replay[] =>
      database.prepare<[], ReplayRow>('SELECT * FROM replays').all().map(toReplay),

    replay: (id: string): Replay | null => {
      const row = database
        .prepare<[string], ReplayRow>('SELECT * FROM replays WHERE id = ?')
        .get(id);
      return row === undefined ? null : toReplay(row);
    },

    putReplay,

    advanceReplay: (replay: Replay, limit: number, now: number): Replay =>
      database.transaction(() => {
        const { text, values } = replayed(replay.subscriptionUuid, replay.selection);
        const ids = database
          .prepare<unknown[], string>(
            `SELECT d.id FROM deliveries d JOIN events e ON e.id = d.event_id
             WHERE ${text} AND d.id > ? ORDER BY d.id LIMIT ?`,
          )
          .pluck()
          .all(...values, replay.after, limit);
        for (const id of ids) database.prepare(takeUp).run(now, id);
        const isDone = ids.length < limit;
        const next: Replay = {
          ...replay,
          done: replay.done + ids.length,
          after: ids.at(-1) ?? replay.after,
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
