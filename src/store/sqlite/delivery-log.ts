/** Deliveries as things to be looked at, read beside the attempts' log. */
import type Database from 'better-sqlite3';
import { wholeDetail } from '../../attempt-detail.ts';
import type {
  Attempt,
  DeliveryRecord,
  DeliveryStatus,
  Json,
  ReplaySelection,
} from '../../model.ts';
import type { DeliveryPage, DeliveryQuery, ReplayCounts } from '../store.ts';
import { takePage } from './page.ts';
import { allOf, listedDeliveries, namedLike, received } from './selection.ts';
import { timeOfId } from './time-ids.ts';

interface DeliveryRow {
  id: string;
  subscription_uuid: string;
  status: DeliveryStatus;
  is_parked: number;
  attempts: number;
  next_attempt_at: number | null;
  is_request: number;
  name: string;
  data: string;
  received_at: number;
}

interface AttemptRow {
  delivery_id: string;
  number: number;
  subscription_uuid: string;
  max_attempts: number;
  status: Attempt['status'];
  started_at: number;
  ended_at: number;
  detail: string;
  data_key: string | null;
}

const columns = `
  d.id, d.subscription_uuid, d.status, d.attempts, d.next_attempt_at,
  d.request IS NOT NULL AS is_request, s.disabled_at IS NOT NULL AS is_parked,
  e.name, e.data, e.received_at`;

const joined = `JOIN events e ON e.id = d.event_id
  LEFT JOIN subscriptions s ON s.uuid = d.subscription_uuid`;

/** What is pending is parked while its subscription is disabled. */
const statusIs = (status: DeliveryQuery['status']) => {
  if (status === null) return undefined;
  if (status === 'parked') return ["d.status = 'pending' AND s.disabled_at IS NOT NULL"] as const;
  if (status === 'pending') return ["d.status = 'pending' AND s.disabled_at IS NULL"] as const;
  return ['d.status = ?', status] as const;
};

export function listDeliveries(
  database: Database.Database,
  { subscriptionUuids, status, event, since, until, before, limit }: DeliveryQuery,
): DeliveryPage {
  const [only, ...others] = subscriptionUuids ?? [];
  const ofSubscriptions =
    subscriptionUuids === null
      ? undefined
      : only !== undefined && others.length === 0
        ? (['l.subscription_uuid = ?', only] as const)
        : ([
            'l.subscription_uuid IN (SELECT value FROM json_each(?))',
            JSON.stringify(subscriptionUuids),
          ] as const);
  const [tables, id] =
    ofSubscriptions === undefined ? ['deliveries d', 'd.id'] : [listedDeliveries, 'l.id'];
  const { text, values } = allOf(
    ofSubscriptions,
    statusIs(status),
    namedLike(event === null ? [] : [event]),
    ...received(id, since, until),
    before === null ? undefined : [`${id} < ?`, before],
  );
  const select = database.prepare<unknown[], DeliveryRow>(
    `SELECT ${columns} FROM ${tables} ${joined} WHERE ${text} ORDER BY ${id} DESC LIMIT ?`,
  );
  const { page, isCut } = takePage(select.iterate(...values, limit));
  const next = isCut || page.length === limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toRecord), next };
}

/** null when there is none of that id. */
export function findDelivery(database: Database.Database, id: string): DeliveryRecord | null {
  const row = findRow(database, id);
  return row === undefined ? null : toRecord(row);
}

/** With its latest attempts, as many as fit, the first one first. */
export function showDelivery(
  database: Database.Database,
  id: string,
): { delivery: DeliveryRecord; attempts: Attempt[] } | null {
  const row = findRow(database, id);
  if (row === undefined) return null;
  const select = database.prepare<[string], AttemptRow>(
    'SELECT * FROM attempts WHERE delivery_id = ? ORDER BY number DESC',
  );
  const { page } = takePage(withData(select.iterate(id), row.data));
  const delivery = toRecord(row);
  const attempts = page.reverse().map((one) => toAttempt(one, delivery.event.data));
  return { delivery, attempts };
}

const findRow = (database: Database.Database, id: string) =>
  database
    .prepare<[string], DeliveryRow>(`SELECT ${columns} FROM deliveries d ${joined} WHERE d.id = ?`)
    .get(id);

/** With the event's data where they are put in again, each time. */
function* withData(attempts: Iterable<AttemptRow>, data: string) {
  for (const one of attempts) yield { ...one, data: one.data_key === null ? '' : data };
}

/** What a replay looks at, of {@link listedDeliveries}: nothing that is still to be delivered anyway. */
export const replayed = (
  subscriptionUuid: string,
  { statuses, events, since, until }: ReplaySelection,
) =>
  allOf(
    ['l.subscription_uuid = ?', subscriptionUuid],
    [`d.status IN (${statuses.map(() => '?').join(', ')})`, ...statuses],
    namedLike(events),
    ...received('l.id', since, until),
  );

export function countReplay(
  database: Database.Database,
  subscriptionUuid: string,
  selection: ReplaySelection,
): ReplayCounts {
  const { text, values } = replayed(subscriptionUuid, selection);
  const rows = database
    .prepare<unknown[], { status: keyof ReplayCounts; count: number }>(
      `SELECT d.status, count(*) AS count FROM ${listedDeliveries} JOIN events e ON e.id = d.event_id
       WHERE ${text} GROUP BY d.status`,
    )
    .all(...values);
  const counts: ReplayCounts = { succeeded: 0, failed: 0, cancelled: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
}

/** A function that counts them; it is asked every few seconds by whoever reads the metrics. */
export function prepareCountPending(
  database: Database.Database,
): () => { count: number; oldest: number | null } {
  const select = database.prepare<[], { count: number; oldest: string | null }>(
    `SELECT count(*) AS count, min(id) AS oldest FROM deliveries INDEXED BY deliveries_due
     WHERE next_attempt_at IS NOT NULL`,
  );
  return () => {
    const { count = 0, oldest = null } = select.get() ?? {};
    return { count, oldest: oldest === null ? null : timeOfId(oldest) };
  };
}

const toRecord = (row: DeliveryRow): DeliveryRecord => ({
  id: row.id,
  subscriptionUuid: row.subscription_uuid,
  event: { name: row.name, data: JSON.parse(row.data) as Json, receivedAt: row.received_at },
  status: row.status === 'pending' && row.is_parked === 1 ? 'parked' : row.status,
  attempts: row.attempts,
  nextAttemptAt: row.next_attempt_at,
  isRequest: row.is_request === 1,
});

const toAttempt = (row: AttemptRow, data: Json): Attempt => ({
  deliveryId: row.delivery_id,
  subscriptionUuid: row.subscription_uuid,
  number: row.number,
  maxAttempts: row.max_attempts,
  status: row.status,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  detail: wholeDetail({ detail: row.detail, dataKey: row.data_key }, data),
  nextAttemptAt: null,
});
