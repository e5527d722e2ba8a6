/** How large the database is, and giving back to the file system what is free in it. */
import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { StoreSize } from '../store.ts';

/** A slice ends once it took this long, ms; its commit comes on top. */
const sliceTime = 8;

/** Pages moved between two looks at the clock. */
const step = 32;

export type SizeTables = ReturnType<typeof sizeTables>;

export function sizeTables(database: Database.Database) {
  const pageSize = Number(database.pragma('page_size', { simple: true }));
  const countPages = database.prepare<[], number>('PRAGMA page_count').pluck();
  const countFree = database.prepare<[], number>('PRAGMA freelist_count').pluck();
  const total = () => (countPages.get() ?? 0) * pageSize;
  const free = () => (countFree.get() ?? 0) * pageSize;
  const shrink = database.transaction((to: number): number => {
    const began = performance.now();
    let before = Infinity;
    for (let now = total(); now > to && now < before && performance.now() - began < sliceTime;) {
      const most = Math.min(step, Math.ceil((now - to) / pageSize));
      database.pragma(`incremental_vacuum(${most})`);
      before = now;
      now = total();
    }
    return total();
  });
  return {
    /** Bytes that are not free; within a transaction what it will leave. */
    used: () => total() - free(),

    size: (): StoreSize => ({
      total: total(),
      free: free(),
      log: statSync(`${database.name}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    }),

    /** Pages at the end of the file are moved to free ones before them. */
    shrink: (to: number): number => shrink(to),
  };
}
