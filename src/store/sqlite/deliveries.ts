/** Tables of events, deliveries and attempts: the event's way. */
import type Database from 'better-sqlite3';
import type { Delivery, DeliveryStatus, Json, JsonObject } from '../../model.ts';
import type {
  AttemptRecord,
  Backlog,
  DueDeliveries,
  DueQuery,
  EventRecord,
  WriteBatch,
} from '../store.ts';
import type { Lists } from './lists.ts';
import { preparePurge } from './purge.ts';
import { sizeTables } from './size.ts';

interface DueRow {
  id: string;
  attempts: number;
  attempts_before: number;
  next_attempt_at: number;
  request: string | null;
  name: string;
  origin_uuid: string | null;
  headers: string;
  data: string;
  received_at: number;
}

const finalStatus: Record<AttemptRecord['status'], DeliveryStatus> = {
  success: 'succeeded',
  failure: 'failed',
  error: 'failed',
};

const dueColumns = `
  d.id, d.attempts, d.attempts_before, d.next_attempt_at, d.request,
  e.name, e.origin_uuid, e.headers, e.data, e.received_at`;

export function deliveryTables(database: Database.Database, lists: Lists) {
  const selectDue = database.prepare<[string, number, number], DueRow>(`
    SELECT ${dueColumns} FROM deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.subscription_uuid = ? AND d.next_attempt_at <= ?
    ORDER BY d.next_attempt_at, d.id LIMIT ?`);
  // Ids grow with time. The index holds what is pending alone: its ids are sorted, not the history and not the events,
  // which are read as they are taken.
  const selectOldest = database.prepare<[string, number], DueRow>(`
    SELECT ${dueColumns} FROM deliveries d CROSS JOIN events e ON e.id = d.event_id
    WHERE d.id IN (
      SELECT id FROM deliveries INDEXED BY deliveries_due
      WHERE subscription_uuid = ? AND next_attempt_at IS NOT NULL ORDER BY id LIMIT ?)
    ORDER BY d.id`);
  const selectNextDue = database
    .prepare<[string, number], number | null>(
      'SELECT min(next_attempt_at) FROM deliveries WHERE subscription_uuid = ? AND next_attempt_at > ?',
    )
    .pluck();

  /** Rows until one is not due or they are too large together; `rest` is the first that is left. */
  const take = (rows: Iterable<DueRow>, { subscriptionUuid, until, maxSize }: DueQuery) => {
    const deliveries: Delivery[] = [];
    let size = 0;
    for (const row of rows) {
      if (row.next_attempt_at > until || size > maxSize) return { deliveries, rest: row };
      const delivery = toDelivery(row, subscriptionUuid);
      deliveries.push(delivery);
      size += delivery.size;
    }
    return { deliveries, rest: undefined };
  };

  const { used, size, shrink } = sizeTables(database);

  return {
    commit: prepareCommit(database, lists),
    purge: preparePurge(database, { used }),
    size,
    shrink,

    dueDeliveries(query: DueQuery): DueDeliveries {
      const { subscriptionUuid, until, limit, isOrdered } = query;
      // In order, one that is not due holds up those behind it.
      const rows = isOrdered
        ? selectOldest.iterate(subscriptionUuid, limit)
        : selectDue.iterate(subscriptionUuid, until, limit);
      const { deliveries, rest } = take(rows, query);
      if (rest !== undefined) return { deliveries, nextDueAt: rest.next_attempt_at };
      if (deliveries.length === limit) return { deliveries, nextDueAt: until };
      return { deliveries, nextDueAt: selectNextDue.get(subscriptionUuid, until) ?? null };
    },

    backlog: (): Backlog[] =>
      database
        .prepare<[], Backlog>(
          `SELECT subscription_uuid AS subscriptionUuid, min(next_attempt_at) AS dueAt
           FROM deliveries WHERE next_attempt_at IS NOT NULL GROUP BY subscription_uuid`,
        )
        .all(),

    mendSchedule: prepareMending(database),

    recentFingerprints: (limit: number): string[] =>
      database
        .prepare<[number], string>(
          `SELECT fingerprint FROM (SELECT id, fingerprint FROM events ORDER BY id DESC LIMIT ?)
           WHERE fingerprint IS NOT NULL ORDER BY id`,
        )
        .pluck()
        .all(limit),
  };
}

/** The index holds what is pending alone: the history is not gone through. */
function prepareMending(database: Database.Database): (now: number) => number {
  const mendFirst = database.prepare(`
    UPDATE deliveries INDEXED BY deliveries_due SET next_attempt_at = @now
    WHERE next_attempt_at > @now AND attempts = attempts_before`);
  const mendRetry = database.prepare(`
    UPDATE deliveries INDEXED BY deliveries_due SET next_attempt_at = @now + next_attempt_at - last.ended_at
    FROM attempts AS last
    WHERE next_attempt_at > @now AND attempts > attempts_before
      AND last.delivery_id = deliveries.id AND last.number = deliveries.attempts
      AND last.ended_at > @now AND last.ended_at <= next_attempt_at`);
  return database.transaction(
    (now: number) => mendFirst.run({ now }).changes + mendRetry.run({ now }).changes,
  );
}

/** The hot path: plain prepared statements in one transaction. */
function prepareCommit(database: Database.Database, lists: Lists): (batch: WriteBatch) => void {
  const insertEvent = database.prepare(
    'INSERT INTO events (name, origin_uuid, headers, data, received_at, fingerprint) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertDelivery = database.prepare(
    `INSERT INTO deliveries (id, event_id, subscription_uuid, status, attempts, next_attempt_at)
     VALUES (?, ?, ?, 'pending', 0, ?)`,
  );
  const insertRequest = database.prepare(
    `INSERT INTO deliveries (id, event_id, subscription_uuid, status, attempts, next_attempt_at, request)
     SELECT ?, event_id, subscription_uuid, 'pending', 0, ?, ? FROM deliveries WHERE id = ?`,
  );
  // In a database of an earlier version the log may hold an attempt that was not counted.
  const insertAttempt = database.prepare(
    'INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  // A delivery that was cancelled meanwhile stays cancelled, but the attempt counts: the next one has another number.
  const updateDelivery = database.prepare(
    `UPDATE deliveries SET attempts = ?, status = iif(status = 'pending', ?, status),
       next_attempt_at = iif(status = 'pending', ?, NULL)
     WHERE id = ?`,
  );
  /** @param listed the last delivery that is listed */
  const writeEvent = (event: EventRecord, listed: string) => {
    const { name, originUuid, headers, data, receivedAt, fingerprint } = event;
    const eventId = insertEvent.run(
      name,
      originUuid,
      headers,
      data,
      receivedAt,
      fingerprint,
    ).lastInsertRowid;
    for (const { id, subscriptionUuid } of event.deliveries) {
      insertDelivery.run(id, eventId, subscriptionUuid, receivedAt);
      if (id <= listed) lists.addDelivery(subscriptionUuid, id);
    }
  };
  /** @param listed the last delivery that is listed */
  const writeAttempt = (attempt: AttemptRecord, listed: string) => {
    const {
      deliveryId,
      number,
      subscriptionUuid,
      maxAttempts,
      status,
      startedAt,
      endedAt,
      detail,
      dataKey,
      nextAttemptAt,
      requests,
    } = attempt;
    const { changes } = updateDelivery.run(
      number,
      nextAttemptAt === null ? finalStatus[status] : 'pending',
      nextAttemptAt,
      deliveryId,
    );
    // Its subscription may have been disabled during the attempt, and what is parked purged.
    if (changes === 0) return;
    for (const { id, request } of requests) {
      insertRequest.run(id, endedAt, request, deliveryId);
      if (id <= listed) lists.addDelivery(subscriptionUuid, id);
    }
    insertAttempt.run(
      deliveryId,
      number,
      subscriptionUuid,
      maxAttempts,
      status,
      startedAt,
      endedAt,
      detail,
      dataKey,
    );
    if (deliveryId <= listed) lists.addAttempt(attempt);
  };
  return database.transaction((batch: WriteBatch) => {
    const listed = lists.upTo();
    let made = 0;
    for (const event of batch.events) {
      writeEvent(event, listed);
      made += event.deliveries.length;
    }
    for (const attempt of batch.attempts) {
      writeAttempt(attempt, listed);
      made += attempt.requests.length;
    }
    lists.keepUp(listed, made);
  });
}

function toDelivery(row: DueRow, subscriptionUuid: string): Delivery {
  const {
    id,
    attempts,
    attempts_before: attemptsBefore,
    request,
    name,
    origin_uuid: originUuid,
    headers,
    data,
    received_at: receivedAt,
  } = row;
  return {
    id,
    subscriptionUuid,
    attempts,
    attemptsBefore,
    size: headers.length + data.length + (request?.length ?? 0),
    request,
    event: {
      name,
      originUuid,
      receivedAt,
      headers: JSON.parse(headers) as JsonObject,
      data: JSON.parse(data) as Json,
      dataJson: data,
    },
  };
}
