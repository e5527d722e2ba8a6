/** Everything the store writes, synchronously, on the store's own thread. */
import type Database from 'better-sqlite3';
import { deliveryTables } from './deliveries.ts';
import { subscriptionLists } from './lists.ts';
import { outboxTable } from './outbox.ts';
import { redeliveryTables } from './redelivery.ts';
import { settingTables } from './settings.ts';
import { subscriptionTables } from './subscriptions.ts';

export type SqliteWriter = ReturnType<typeof makeWriter>;

export function makeWriter(database: Database.Database) {
  const lists = subscriptionLists(database);
  return {
    ...deliveryTables(database, lists),
    ...redeliveryTables(database, lists),
    ...subscriptionTables(database),
    ...settingTables(database),
    ...outboxTable(database),
    catchUpLists: () => lists.catchUp(),
    close: () => void database.close(),
  };
}
