/** Tables of subscriptions, and of what is known of each. */
import type Database from 'better-sqlite3';
import type { DeliveryOptions, DisablingReason, JsonObject, Subscription } from '../../model.ts';
import type { Failing } from '../store.ts';
import { outboxTable } from './outbox.ts';

interface SubscriptionRow {
  uuid: string;
  name: string;
  service: string;
  config: string;
  events: string;
  events_user_uuid: string | null;
  events_wazo_uuid: string | null;
  owner_user_uuid: string | null;
  owner_tenant_uuid: string;
  metadata: string;
  filter: string | null;
  delivery: string;
  disabled_reason: DisablingReason | null;
  disabled_at: number | null;
}

export function subscriptionTables(database: Database.Database) {
  const forget = ['failing', 'signing_keys'].map((table) => (uuid: string) => {
    database.prepare(`DELETE FROM ${table} WHERE subscription_uuid = ?`).run(uuid);
  });
  const outbox = outboxTable(database);
  return {
    subscriptions: (): Subscription[] =>
      database
        .prepare<[], SubscriptionRow>('SELECT * FROM subscriptions ORDER BY rowid')
        .all()
        .map(toSubscription),

    putSubscription(subscription: Subscription, announcements: readonly string[] = []): void {
      database.transaction(() => {
        database.prepare(put).run(rowOf(subscription));
        outbox.addAnnouncements(announcements);
      })();
    },

    deleteSubscription(uuid: string, announcements: readonly string[] = []): void {
      database.transaction(() => {
        database.prepare('DELETE FROM subscriptions WHERE uuid = ?').run(uuid);
        database
          .prepare(
            `UPDATE deliveries SET status = 'cancelled', next_attempt_at = NULL
             WHERE subscription_uuid = ? AND next_attempt_at IS NOT NULL`,
          )
          .run(uuid);
        database
          .prepare(
            `UPDATE replays SET status = 'cancelled', ended_at = ?
             WHERE subscription_uuid = ? AND status = 'running'`,
          )
          .run(Date.now(), uuid);
        for (const one of forget) one(uuid);
        outbox.addAnnouncements(announcements);
      })();
    },

    failing: (): Failing[] =>
      database
        .prepare<[], Failing>(
          'SELECT subscription_uuid AS subscriptionUuid, since, warned FROM failing',
        )
        .all(),

    putFailing({ subscriptionUuid, since, warned }: Failing): void {
      database
        .prepare('INSERT OR REPLACE INTO failing VALUES (?, ?, ?)')
        .run(subscriptionUuid, since, warned);
    },

    deleteFailing(subscriptionUuid: string): void {
      database.prepare('DELETE FROM failing WHERE subscription_uuid = ?').run(subscriptionUuid);
    },

    signingKeys: (subscriptionUuid: string): string | null =>
      database
        .prepare<[string], string>('SELECT sealed FROM signing_keys WHERE subscription_uuid = ?')
        .pluck()
        .get(subscriptionUuid) ?? null,

    putSigningKeys(subscriptionUuid: string, sealed: string): void {
      database
        .prepare('INSERT OR REPLACE INTO signing_keys VALUES (?, ?)')
        .run(subscriptionUuid, sealed);
    },
  };
}

const columns: readonly [column: string, key: string][] = [
  ['uuid', 'uuid'],
  ['name', 'name'],
  ['service', 'service'],
  ['config', 'config'],
  ['events', 'events'],
  ['events_user_uuid', 'eventsUserUuid'],
  ['events_wazo_uuid', 'eventsWazoUuid'],
  ['owner_user_uuid', 'ownerUserUuid'],
  ['owner_tenant_uuid', 'ownerTenantUuid'],
  ['metadata', 'metadata'],
  ['filter', 'filter'],
  ['delivery', 'delivery'],
  ['disabled_reason', 'disabledReason'],
  ['disabled_at', 'disabledAt'],
];

/** An update keeps the row, and so its place in lists. */
const put = `
  INSERT INTO subscriptions (${columns.map(([column]) => column).join(', ')})
  VALUES (${columns.map(([, key]) => `@${key}`).join(', ')})
  ON CONFLICT (uuid) DO UPDATE SET ${columns
    .slice(1)
    .map(([column]) => `${column} = excluded.${column}`)
    .join(', ')}`;

const rowOf = ({ disabled, ...fields }: Subscription) => ({
  ...fields,
  config: JSON.stringify(fields.config),
  events: JSON.stringify(fields.events),
  metadata: JSON.stringify(fields.metadata),
  delivery: JSON.stringify(fields.delivery),
  disabledReason: disabled?.reason ?? null,
  disabledAt: disabled?.at ?? null,
});

function toSubscription(row: SubscriptionRow): Subscription {
  const { disabled_reason: reason, disabled_at: at } = row;
  return {
    uuid: row.uuid,
    name: row.name,
    service: row.service,
    config: JSON.parse(row.config) as JsonObject,
    events: JSON.parse(row.events) as string[],
    eventsUserUuid: row.events_user_uuid,
    eventsWazoUuid: row.events_wazo_uuid,
    ownerUserUuid: row.owner_user_uuid,
    ownerTenantUuid: row.owner_tenant_uuid,
    metadata: JSON.parse(row.metadata) as JsonObject,
    filter: row.filter,
    delivery: JSON.parse(row.delivery) as DeliveryOptions,
    disabled: reason === null || at === null ? null : { reason, at },
  };
}
