/** Events once, deliveries as rows with a due time, attempts as a log. */
export const initial = `
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  uuid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  tenant_uuid TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  uuid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  service TEXT NOT NULL,
  config TEXT NOT NULL,
  events TEXT NOT NULL,
  events_user_uuid TEXT,
  events_wazo_uuid TEXT,
  owner_user_uuid TEXT,
  owner_tenant_uuid TEXT NOT NULL,
  metadata TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  origin_uuid TEXT,
  headers TEXT NOT NULL,
  data TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  fingerprint TEXT
) STRICT;

-- Ids are UUIDs of version 7: they grow with time, so that rows are appended.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  event_id INTEGER NOT NULL,
  subscription_uuid TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER
) STRICT, WITHOUT ROWID;

-- Holds the pending deliveries alone: its size is the backlog's, not the history's.
CREATE INDEX deliveries_due ON deliveries (subscription_uuid, next_attempt_at)
  WHERE next_attempt_at IS NOT NULL;

CREATE TABLE attempts (
  delivery_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  subscription_uuid TEXT NOT NULL,
  max_attempts INTEGER NOT NULL,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_subscription ON attempts (subscription_uuid, started_at);
`;
