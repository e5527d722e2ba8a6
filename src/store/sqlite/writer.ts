/** Everything the store writes, synchronously, on the store's own thread. */
import type Database from 'better-sqlite3';
import { deliveryTables } from './deliveries.ts';
import { outboxTable } from './outbox.ts';
import { redeliveryTables } from './redelivery.ts';
import { settingTables } from './settings.ts';
import { subscriptionTables } from './subscriptions.ts';

export type SqliteWriter = ReturnType<typeof makeWriter>;

export const makeWriter = (database: Database.Database) => ({
  ...deliveryTables(database),
  ...redeliveryTables(database),
  ...subscriptionTables(database),
  ...settingTables(database),
  ...outboxTable(database),
  close: () => void database.close(),
});
