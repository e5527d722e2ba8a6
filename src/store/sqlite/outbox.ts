/** The table of what the bus is to be told. */
import type Database from 'better-sqlite3';
import type { Announcement } from '../store.ts';

export function outboxTable(database: Database.Database) {
  return {
    addAnnouncements(messages: readonly string[]): void {
      const insert = database.prepare('INSERT INTO outbox (message) VALUES (?)');
      for (const message of messages) insert.run(message);
    },

    announcements: (limit: number): Announcement[] =>
      database
        .prepare<[number], Announcement>('SELECT id, message FROM outbox ORDER BY id LIMIT ?')
        .all(limit),

    deleteAnnouncements(ids: readonly number[]): void {
      database
        .prepare('DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(ids));
    },
  };
}
