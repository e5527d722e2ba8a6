/** What a subscription has, by age: tables that are written later in place of indices that every commit had to change. */
export const lists = `
-- Every delivery up to this id is listed with its attempts, none after it.
CREATE TABLE listed (
  up_to TEXT NOT NULL
) STRICT;

CREATE TABLE listed_deliveries (
  subscription_uuid TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (subscription_uuid, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE listed_attempts (
  subscription_uuid TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  delivery_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (subscription_uuid, started_at, delivery_id, number)
) STRICT, WITHOUT ROWID;

INSERT INTO listed SELECT coalesce(max(id), '') FROM deliveries;
INSERT INTO listed_deliveries SELECT subscription_uuid, id FROM deliveries ORDER BY 1, 2;
INSERT INTO listed_attempts
  SELECT subscription_uuid, started_at, delivery_id, number FROM attempts ORDER BY 1, 2, 3, 4;

DROP INDEX deliveries_by_subscription;
DROP INDEX attempts_by_subscription;

CREATE TRIGGER delivery_deleted AFTER DELETE ON deliveries BEGIN
  DELETE FROM listed_deliveries WHERE subscription_uuid = OLD.subscription_uuid AND id = OLD.id;
END;

CREATE TRIGGER attempt_deleted AFTER DELETE ON attempts BEGIN
  DELETE FROM listed_attempts
  WHERE subscription_uuid = OLD.subscription_uuid AND started_at = OLD.started_at
    AND delivery_id = OLD.delivery_id AND number = OLD.number;
END;
`;
