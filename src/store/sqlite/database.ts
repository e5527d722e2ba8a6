/** Everything the store does, synchronously, on the store's own thread. */
import type Database from 'better-sqlite3';
import type {
  AccessToken,
  Delivery,
  DeliveryStatus,
  Json,
  JsonObject,
  PluginState,
  PluginVariable,
  Subscription,
} from '../../model.ts';
import type {
  AttemptRecord,
  Backlog,
  DueDeliveries,
  DueQuery,
  EventRecord,
  PurgeQuery,
  PurgeSlice,
  WriteBatch,
} from '../store.ts';
import { preparePurge } from './purge.ts';

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
}

interface DueRow {
  id: string;
  attempts: number;
  next_attempt_at: number;
  request: string | null;
  name: string;
  origin_uuid: string | null;
  headers: string;
  data: string;
  received_at: number;
}

interface TokenRow {
  uuid: string;
  name: string;
  hash: string;
  tenant_uuid: string | null;
  user_uuid: string | null;
  acl: string;
  created_at: number;
}

const finalStatus: Record<AttemptRecord['status'], DeliveryStatus> = {
  success: 'succeeded',
  failure: 'failed',
  error: 'failed',
};

export class SqliteDatabase {
  readonly #database: Database.Database;
  readonly #commit: (batch: WriteBatch) => void;
  readonly #purge: (query: PurgeQuery) => PurgeSlice;
  readonly #selectDue: Database.Statement<[string, number, number], DueRow>;
  readonly #selectNextDue: Database.Statement<[string, number]>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#commit = prepareCommit(database);
    this.#purge = preparePurge(database);
    this.#selectDue = database.prepare(`
      SELECT d.id, d.attempts, d.next_attempt_at, d.request, e.name, e.origin_uuid, e.headers, e.data, e.received_at
      FROM deliveries d JOIN events e ON e.id = d.event_id
      WHERE d.subscription_uuid = ? AND d.next_attempt_at <= ?
      ORDER BY d.next_attempt_at, d.id LIMIT ?`);
    this.#selectNextDue = database
      .prepare(
        'SELECT min(next_attempt_at) FROM deliveries WHERE subscription_uuid = ? AND next_attempt_at > ?',
      )
      .pluck();
  }

  commit(batch: WriteBatch): void {
    this.#commit(batch);
  }

  dueDeliveries({ subscriptionUuid, until, limit, maxSize }: DueQuery): DueDeliveries {
    const deliveries: Delivery[] = [];
    let size = 0;
    for (const row of this.#selectDue.iterate(subscriptionUuid, until, limit)) {
      if (size > maxSize) return { deliveries, nextDueAt: row.next_attempt_at };
      const delivery = toDelivery(row, subscriptionUuid);
      deliveries.push(delivery);
      size += delivery.size;
    }
    if (deliveries.length === limit) return { deliveries, nextDueAt: until };
    return {
      deliveries,
      nextDueAt: this.#selectNextDue.get(subscriptionUuid, until) as number | null,
    };
  }

  backlog(): Backlog[] {
    return this.#database
      .prepare<[], Backlog>(
        `SELECT subscription_uuid AS subscriptionUuid, min(next_attempt_at) AS dueAt
         FROM deliveries WHERE next_attempt_at IS NOT NULL GROUP BY subscription_uuid`,
      )
      .all();
  }

  recentFingerprints(limit: number): string[] {
    return this.#database
      .prepare<[number], string>(
        `SELECT fingerprint FROM (SELECT id, fingerprint FROM events ORDER BY id DESC LIMIT ?)
         WHERE fingerprint IS NOT NULL ORDER BY id`,
      )
      .pluck()
      .all(limit);
  }

  subscriptions(): Subscription[] {
    return this.#database
      .prepare<[], SubscriptionRow>('SELECT * FROM subscriptions ORDER BY rowid')
      .all()
      .map(toSubscription);
  }

  putSubscription(subscription: Subscription): void {
    this.#database
      .prepare(
        `INSERT INTO subscriptions VALUES (@uuid, @name, @service, @config, @events, @eventsUserUuid,
           @eventsWazoUuid, @ownerUserUuid, @ownerTenantUuid, @metadata)
         ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, service = excluded.service,
           config = excluded.config, events = excluded.events,
           events_user_uuid = excluded.events_user_uuid, events_wazo_uuid = excluded.events_wazo_uuid,
           owner_user_uuid = excluded.owner_user_uuid, owner_tenant_uuid = excluded.owner_tenant_uuid,
           metadata = excluded.metadata`,
      )
      .run({
        ...subscription,
        config: JSON.stringify(subscription.config),
        events: JSON.stringify(subscription.events),
        metadata: JSON.stringify(subscription.metadata),
      });
  }

  deleteSubscription(uuid: string): void {
    this.#database.transaction(() => {
      this.#database.prepare('DELETE FROM subscriptions WHERE uuid = ?').run(uuid);
      this.#database
        .prepare(
          `UPDATE deliveries SET status = 'cancelled', next_attempt_at = NULL
           WHERE subscription_uuid = ? AND next_attempt_at IS NOT NULL`,
        )
        .run(uuid);
    })();
  }

  purge(query: PurgeQuery): PurgeSlice {
    return this.#purge(query);
  }

  tokens(): AccessToken[] {
    return this.#database
      .prepare<[], TokenRow>('SELECT * FROM tokens ORDER BY created_at, uuid')
      .all()
      .map(toToken);
  }

  putToken(token: AccessToken): void {
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO tokens (uuid, name, hash, tenant_uuid, user_uuid, acl, created_at)
         VALUES (@uuid, @name, @hash, @tenantUuid, @userUuid, @acl, @createdAt)`,
      )
      .run({ ...token, acl: JSON.stringify(token.acl) });
  }

  deleteToken(uuid: string): boolean {
    return this.#database.prepare('DELETE FROM tokens WHERE uuid = ?').run(uuid).changes > 0;
  }

  setting(name: string): string | null {
    return (
      (this.#database.prepare('SELECT value FROM settings WHERE name = ?').pluck().get(name) as
        string | undefined) ?? null
    );
  }

  putSetting(name: string, value: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)').run(name, value);
  }

  pluginStates(): PluginState[] {
    return this.#database
      .prepare<
        [],
        { name: string; is_enabled: number; reason: string | null; traits: string | null }
      >('SELECT * FROM plugins ORDER BY name')
      .all()
      .map(({ is_enabled: isEnabled, ...rest }) => ({ ...rest, isEnabled: isEnabled === 1 }));
  }

  putPluginState({ name, isEnabled, reason, traits }: PluginState): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO plugins VALUES (?, ?, ?, ?)')
      .run(name, isEnabled ? 1 : 0, reason, traits);
  }

  deletePluginState(name: string): void {
    this.#database.prepare('DELETE FROM plugins WHERE name = ?').run(name);
  }

  pluginVariables(): PluginVariable[] {
    return this.#database
      .prepare<[], { plugin: string; name: string; value: string; is_sealed: number }>(
        'SELECT * FROM plugin_variables ORDER BY plugin, name',
      )
      .all()
      .map(({ is_sealed: isSealed, ...rest }) => ({ ...rest, isSealed: isSealed === 1 }));
  }

  putPluginVariable({ plugin, name, value, isSealed }: PluginVariable): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO plugin_variables VALUES (?, ?, ?, ?)')
      .run(plugin, name, value, isSealed ? 1 : 0);
  }

  deletePluginVariable(plugin: string, name: string): boolean {
    const { changes } = this.#database
      .prepare('DELETE FROM plugin_variables WHERE plugin = ? AND name = ?')
      .run(plugin, name);
    return changes > 0;
  }

  rekey(variables: PluginVariable[], setting: { name: string; value: string }): void {
    this.#database.transaction(() => {
      for (const variable of variables) this.putPluginVariable(variable);
      this.putSetting(setting.name, setting.value);
    })();
  }

  close(): void {
    this.#database.close();
  }
}

/** The hot path: plain prepared statements in one transaction. */
function prepareCommit(database: Database.Database): (batch: WriteBatch) => void {
  const insertEvent = database.prepare(
    'INSERT INTO events (name, origin_uuid, headers, data, received_at, fingerprint) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertDelivery = database.prepare(
    "INSERT INTO deliveries VALUES (?, ?, ?, 'pending', 0, ?, NULL)",
  );
  const insertRequest = database.prepare(
    "INSERT INTO deliveries SELECT ?, event_id, subscription_uuid, 'pending', 0, ?, ? FROM deliveries WHERE id = ?",
  );
  const insertAttempt = database.prepare('INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  // A delivery that was cancelled meanwhile stays cancelled.
  const updateDelivery = database.prepare(
    "UPDATE deliveries SET status = ?, attempts = ?, next_attempt_at = ? WHERE id = ? AND status = 'pending'",
  );
  const writeEvent = (event: EventRecord) => {
    const { name, originUuid, headers, data, receivedAt, fingerprint } = event;
    const eventId = insertEvent.run(
      name,
      originUuid,
      headers,
      data,
      receivedAt,
      fingerprint,
    ).lastInsertRowid;
    for (const { id, subscriptionUuid } of event.deliveries)
      insertDelivery.run(id, eventId, subscriptionUuid, receivedAt);
  };
  const writeAttempt = (attempt: AttemptRecord) => {
    const {
      deliveryId,
      number,
      subscriptionUuid,
      maxAttempts,
      status,
      startedAt,
      endedAt,
      detail,
      nextAttemptAt,
      requests,
    } = attempt;
    for (const { id, request } of requests) insertRequest.run(id, endedAt, request, deliveryId);
    insertAttempt.run(
      deliveryId,
      number,
      subscriptionUuid,
      maxAttempts,
      status,
      startedAt,
      endedAt,
      detail,
    );
    updateDelivery.run(
      nextAttemptAt === null ? finalStatus[status] : 'pending',
      number,
      nextAttemptAt,
      deliveryId,
    );
  };
  return database.transaction((batch: WriteBatch) => {
    for (const event of batch.events) writeEvent(event);
    for (const attempt of batch.attempts) writeAttempt(attempt);
  });
}

function toDelivery(row: DueRow, subscriptionUuid: string): Delivery {
  const {
    id,
    attempts,
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

function toSubscription(row: SubscriptionRow): Subscription {
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
  };
}

const toToken = ({
  tenant_uuid: tenantUuid,
  user_uuid: userUuid,
  acl,
  created_at: createdAt,
  ...rest
}: TokenRow): AccessToken => ({
  ...rest,
  tenantUuid,
  userUuid,
  acl: JSON.parse(acl) as string[],
  createdAt,
});
