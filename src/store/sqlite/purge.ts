/** Removes the oldest, a little at a time: a commit never waits for more than one slice. */
import type Database from 'better-sqlite3';
import type { PurgeQuery, PurgeSlice } from '../store.ts';
import type { SizeTables } from './size.ts';
import { firstIdOf } from './time-ids.ts';

/** A slice removes nothing more once it took this long, ms; its commit comes on top. */
const sliceTime = 12;

/** How long a slice should take with its commit, ms: when it takes longer, the next one removes less. */
const goal = 25;

/** Deliveries looked at between two looks at the clock. */
const step = 20;

/** How many deliveries a slice removes at most: each may change pages of its own, which the commit writes. */
const quotas = { least: 100, first: 200, most: 1000 };

/** How many replays a slice removes at most. */
const mostReplays = 200;

interface DeliveryRow {
  id: string;
  event_id: number;
  subscription_uuid: string;
  next_attempt_at: number | null;
}

/** A function that removes one slice; its statements are prepared once. */
export function preparePurge(
  database: Database.Database,
  { used }: Pick<SizeTables, 'used'>,
): (query: PurgeQuery) => PurgeSlice {
  const select = database.prepare<[string, string, number], DeliveryRow>(
    'SELECT id, event_id, subscription_uuid, next_attempt_at FROM deliveries WHERE id > ? AND id < ? ORDER BY id LIMIT ?',
  );
  const selectDisabled = database
    .prepare<[], string>('SELECT uuid FROM subscriptions WHERE disabled_at IS NOT NULL')
    .pluck();
  const deleteAttempts = database.prepare('DELETE FROM attempts WHERE delivery_id = ?');
  const deleteDelivery = database.prepare('DELETE FROM deliveries WHERE id = ?');
  const deleteEvent = database.prepare(
    'DELETE FROM events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)',
  );
  // Ids begin with the time they were made at, those of deliveries and of replays alike.
  const deleteReplays = database.prepare<[string, number, number]>(
    `DELETE FROM replays
     WHERE id IN (SELECT id FROM replays WHERE id < ? AND ended_at < ? ORDER BY id LIMIT ?)`,
  );
  let quota = quotas.first;

  const removeSlice = database.transaction(
    ({ before, after, takesParked, downTo }: PurgeQuery): PurgeSlice => {
      const began = performance.now();
      const end = firstIdOf(before);
      const parked = new Set(takesParked ? selectDisabled.all() : []);
      const slice = { events: 0, deliveries: 0, attempts: 0, parked: 0 };
      const isEnough = () =>
        slice.deliveries >= quota ||
        performance.now() - began >= sliceTime ||
        (downTo !== null && used() <= downTo);
      let next: string | null = after;
      while (next !== null && !isEnough()) {
        const rows = select.all(next, end, step);
        const gone = rows.filter(
          ({ subscription_uuid: uuid, next_attempt_at: due }) => due === null || parked.has(uuid),
        );
        for (const { id, next_attempt_at: due } of gone) {
          if (due !== null) slice.parked++;
          slice.attempts += deleteAttempts.run(id).changes;
          slice.deliveries += deleteDelivery.run(id).changes;
        }
        for (const id of new Set(gone.map(({ event_id: id }) => id)))
          slice.events += deleteEvent.run(id).changes;
        next = rows.length < step ? null : (rows.at(-1)?.id ?? null);
      }
      // By size those go that are older than the deliveries that are left.
      const oldest = downTo === null ? end : (next ?? end);
      const replays = deleteReplays.run(oldest, before, mostReplays).changes;
      if (replays === mostReplays) next ??= end;
      return Object.assign(slice, { replays, next, used: used() });
    },
  );

  return (query) => {
    const began = performance.now();
    const slice = removeSlice(query);
    const elapsed = performance.now() - began;
    if (elapsed > goal) quota = Math.max(quotas.least, Math.floor(quota / 2));
    else if (elapsed < goal / 2) quota = Math.min(quotas.most, quota * 2);
    return slice;
  };
}
