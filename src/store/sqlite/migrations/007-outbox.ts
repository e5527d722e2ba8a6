/** What the bus is to be told, until the broker confirmed it. */
export const outbox = `
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  message TEXT NOT NULL
) STRICT;
`;
