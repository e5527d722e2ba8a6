/** Removes what is old, a little at a time: a commit never waits for more than one slice. */
import type Database from 'better-sqlite3';
import type { PurgeQuery, PurgeSlice } from '../store.ts';
import { firstIdOf } from './time-ids.ts';

/** A slice ends once it took this long, ms; its commit comes on top. */
const sliceTime = 12;

/** Deliveries looked at between two looks at the clock. */
const step = 20;

interface DeliveryRow {
  id: string;
  event_id: number;
  subscription_uuid: string;
  next_attempt_at: number | null;
}

/** A function that removes one slice; its statements are prepared once. */
export function preparePurge(database: Database.Database): (query: PurgeQuery) => PurgeSlice {
  const select = database.prepare<[string, string, number], DeliveryRow>(
    'SELECT id, event_id, subscription_uuid, next_attempt_at FROM deliveries WHERE id > ? AND id < ? ORDER BY id LIMIT ?',
  );
  // What is parked is kept as long as everything else, and no longer.
  const selectDisabled = database
    .prepare<[], string>('SELECT uuid FROM subscriptions WHERE disabled_at IS NOT NULL')
    .pluck();
  const deleteAttempts = database.prepare('DELETE FROM attempts WHERE delivery_id = ?');
  const deleteDelivery = database.prepare('DELETE FROM deliveries WHERE id = ?');
  const deleteEvent = database.prepare(
    'DELETE FROM events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)',
  );
  return database.transaction(({ before, after }: PurgeQuery): PurgeSlice => {
    const began = performance.now();
    const end = firstIdOf(before);
    const parked = new Set(selectDisabled.all());
    const slice = {
      events: 0,
      deliveries: 0,
      attempts: 0,
      parked: 0,
      next: after as string | null,
      elapsed: 0,
    };
    while (slice.next !== null && performance.now() - began < sliceTime) {
      const rows = select.all(slice.next, end, step);
      const gone = rows.filter(
        ({ subscription_uuid: uuid, next_attempt_at: next }) => next === null || parked.has(uuid),
      );
      for (const { id, next_attempt_at: next } of gone) {
        if (next !== null) slice.parked++;
        slice.attempts += deleteAttempts.run(id).changes;
        slice.deliveries += deleteDelivery.run(id).changes;
      }
      for (const id of new Set(gone.map(({ event_id: id }) => id)))
        slice.events += deleteEvent.run(id).changes;
      slice.next = rows.length < step ? null : (rows.at(-1)?.id ?? null);
    }
    return { ...slice, elapsed: performance.now() - began };
  });
}
