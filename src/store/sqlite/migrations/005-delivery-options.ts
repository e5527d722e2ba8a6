/** Subscriptions with options of their own, signing keys, and deliveries that are taken up again. */
export const deliveryOptions = `
ALTER TABLE subscriptions ADD COLUMN filter TEXT;
ALTER TABLE subscriptions ADD COLUMN delivery TEXT NOT NULL DEFAULT '{}';
ALTER TABLE subscriptions ADD COLUMN disabled_reason TEXT;
ALTER TABLE subscriptions ADD COLUMN disabled_at INTEGER;

-- Since when a subscription has had nothing but failures, and of what share of its time people were warned.
CREATE TABLE failing (
  subscription_uuid TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  warned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
  subscription_uuid TEXT PRIMARY KEY,
  sealed TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;

-- The primary key is part of it: a subscription's deliveries, by age.
CREATE INDEX deliveries_by_subscription ON deliveries (subscription_uuid);
`;
