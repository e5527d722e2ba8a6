/** Tokens with an ACL and a user; one without a tenant belongs to the master tenant, whichever that is. */
export const tokensAcl = `
CREATE TABLE tokens_with_acl (
  uuid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  tenant_uuid TEXT,
  user_uuid TEXT,
  acl TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tokens_with_acl
  SELECT uuid, name, hash, CASE name WHEN 'local administrator' THEN NULL ELSE tenant_uuid END, NULL, '["#"]', created_at
  FROM tokens;

DROP TABLE tokens;
ALTER TABLE tokens_with_acl RENAME TO tokens;
`;
