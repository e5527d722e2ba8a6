/** The key that secrets are encrypted with, lost for good. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { packageRoot } from './root.ts';

/** Does to a database that nobody uses what the guide says. */
export function giveUpKey(databaseFile: string): void {
  const guide = readFileSync(join(packageRoot, 'docs', 'guide-install.md'), 'utf8');
  const [, statement = ''] = /^sqlite3 \S+ "(DELETE [^"]+)"$/m.exec(guide) ?? [];
  const database = new Database(databaseFile, { fileMustExist: true });
  const { changes } = database.prepare(statement).run();
  database.close();
  if (changes !== 1) throw new Error(`${changes} rows are gone`);
}
