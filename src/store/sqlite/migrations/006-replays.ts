/** Replays that run in the background, and answers that are given again to who asks twice. */
export const replays = `
CREATE TABLE replays (
  id TEXT PRIMARY KEY,
  subscription_uuid TEXT NOT NULL,
  selection TEXT NOT NULL,
  status TEXT NOT NULL,
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  after TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
  key TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
