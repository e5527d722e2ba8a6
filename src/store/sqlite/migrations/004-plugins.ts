/** Requests that plugins return are deliveries; what administrators tell plugins is kept. */
export const plugins = `
ALTER TABLE deliveries ADD COLUMN request TEXT;

CREATE TABLE plugins (
  name TEXT PRIMARY KEY,
  is_enabled INTEGER NOT NULL,
  reason TEXT,
  traits TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin_variables (
  plugin TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  is_sealed INTEGER NOT NULL,
  PRIMARY KEY (plugin, name)
) STRICT, WITHOUT ROWID;
`;
