/** The log of attempts, read on a thread and a connection of its own: a long search holds up no commit. */
import type Database from 'better-sqlite3';
import { wholeDetail } from '../../attempt-detail.ts';
import type { Attempt, DeliveryRecord, Json, LoggedAttempt, ReplaySelection } from '../../model.ts';
import {
  type AttemptQuery,
  type DeliveryPage,
  type DeliveryQuery,
  QueryTooLong,
  type ReplayCounts,
} from '../store.ts';
import {
  countReplay,
  findDelivery,
  listDeliveries,
  prepareCountPending,
  showDelivery,
} from './delivery-log.ts';
import { takePage } from './page.ts';

interface AttemptRow {
  delivery_id: string;
  number: number;
  subscription_uuid: string;
  max_attempts: number;
  status: LoggedAttempt['status'];
  started_at: number;
  ended_at: number;
  detail: string;
  data_key: string | null;
  name: string;
  data: string;
}

/** Our words for the columns a log can be ordered by. */
const orderColumns: Record<AttemptQuery['order'], string> = {
  started_at: 'l.started_at',
  ended_at: 'a.ended_at',
  status: 'a.status',
  attempts: 'a.number',
  max_attempts: 'a.max_attempts',
};

/** Whether the event, the error and the address have the words that are searched for. */
const isSearched = `has_words(e.name || char(10) || e.data || char(10) || coalesce(a.detail ->> '$.error', '')
  || char(10) || coalesce(a.detail ->> '$.request_url', ''))`;

export class AttemptLog {
  /** How many deliveries have no final outcome, and when the oldest was made, ms since the epoch. */
  readonly pending: ReturnType<typeof prepareCountPending>;
  /** Searched for, in lower case. */
  #words: string[] = [];
  /** When the search has to be over, ms since the process began. */
  #deadline = 0;

  /** @param longest how long a search may take, ms: others ask too */
  constructor(
    private readonly database: Database.Database,
    private readonly longest = 10_000,
  ) {
    this.pending = prepareCountPending(database);
    database.function('has_words', (text: string) => (this.#hasWords(text) ? 1 : 0));
  }

  attempts(query: AttemptQuery): { items: LoggedAttempt[]; filtered: number } {
    const { subscriptionUuid, limit, offset, order, direction, from } = query;
    this.#words = wordsOf(query.search);
    this.#deadline = performance.now() + this.longest;
    const isSearch = this.#words.length > 0;
    const chosen = [
      'l.subscription_uuid = ?',
      'l.started_at >= ?',
      ...(isSearch ? [isSearched] : []),
    ].join(' AND ');
    const values = [subscriptionUuid, from ?? 0];
    const tables = `listed_attempts l
      JOIN attempts a ON a.delivery_id = l.delivery_id AND a.number = l.number
      JOIN deliveries d ON d.id = a.delivery_id
      JOIN events e ON e.id = d.event_id`;
    const select = this.database.prepare<unknown[], AttemptRow>(
      `SELECT a.*, e.name, e.data FROM ${tables} WHERE ${chosen}
       ORDER BY ${orderColumns[order]} ${direction}, l.delivery_id ${direction}, l.number ${direction}
       LIMIT ? OFFSET ?`,
    );
    const { page } = takePage(select.iterate(...values, limit, offset));
    const filtered = this.database
      .prepare(`SELECT count(*) FROM ${isSearch ? tables : 'listed_attempts l'} WHERE ${chosen}`)
      .pluck()
      .get(...values) as number;
    return { items: page.map(toLoggedAttempt), filtered };
  }

  deliveries(query: DeliveryQuery): DeliveryPage {
    return listDeliveries(this.database, query);
  }

  deliveryRecord(id: string): DeliveryRecord | null {
    return findDelivery(this.database, id);
  }

  delivery(id: string): { delivery: DeliveryRecord; attempts: Attempt[] } | null {
    return showDelivery(this.database, id);
  }

  countReplay(subscriptionUuid: string, selection: ReplaySelection): ReplayCounts {
    return countReplay(this.database, subscriptionUuid, selection);
  }

  close(): void {
    this.database.close();
  }

  /** SQLite itself knows the two cases of ASCII letters alone. */
  #hasWords(text: string): boolean {
    if (performance.now() > this.#deadline)
      throw new QueryTooLong(
        `The search took longer than ${this.longest / 1000} s; give from_date, to look at fewer attempts`,
      );
    const lower = text.toLowerCase();
    return this.#words.every((word) => lower.includes(word));
  }
}

const wordsOf = (search: string | null): string[] =>
  (search ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());

function toLoggedAttempt(row: AttemptRow): LoggedAttempt {
  const data = JSON.parse(row.data) as Json;
  return {
    deliveryId: row.delivery_id,
    subscriptionUuid: row.subscription_uuid,
    number: row.number,
    maxAttempts: row.max_attempts,
    status: row.status,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    detail: wholeDetail({ detail: row.detail, dataKey: row.data_key }, data),
    event: { name: row.name, data },
  };
}
