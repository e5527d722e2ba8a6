/** Opens a database file, or says why it must not be touched. */
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf, messageOf, UserError } from '../../errors.ts';
import { migrations } from './migrations/index.ts';

/** "whkd": marks the file as ours. */
const applicationId = 0x77686b64;

/** Larger files are neither read through nor rewritten at start: it would take longer than starting may take. */
const fullCheckSize = 64 * 1024 * 1024;

/** The write-ahead log is cut to this size when a long search has made it larger, bytes. */
const logSize = 32 * 1024 * 1024;

/**
 * Opens (or makes) the file and brings it up to date.
 *
 * @throws UserError when the file is unreadable, damaged, another program's, from a newer version, or
 *   in use by another daemon. The file is left as it was.
 */
export function openDatabase(file: string): { database: Database.Database; release: () => void } {
  prepareFile(file);
  const release = lock(file);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 5_000 });
    checkOwner(database, file);
    checkIntegrity(database, file);
    prepareToShrink(database, file);
    database.pragma('journal_mode = WAL');
    database.pragma(`journal_size_limit = ${logSize}`);
    database.pragma('synchronous = FULL');
    database.pragma('wal_autocheckpoint = 4000');
    database.pragma('temp_store = MEMORY');
    // A row that takes the place of another one deletes that: what is listed of it has to go too.
    database.pragma('recursive_triggers = ON');
    database.pragma('cache_size = -8192');
    migrate(database);
    return { database, release };
  } catch (error) {
    database?.close();
    release();
    throw asUserError(error, file);
  }
}

/** A second connection to a file that is open already; it can change nothing. */
export function openForReading(file: string): Database.Database {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  database.pragma('temp_store = MEMORY');
  // What it reads it seldom reads again, and the kernel keeps it too: SQLite's own default of 16 MB would fill up with
  // the index of what is pending.
  database.pragma('cache_size = -2048');
  return database;
}

/** Deliveries hold other people's data: the file is its owner's alone. SQLite gives its side files the same mode. */
function prepareFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new UserError(
      `database.uri: ${file} cannot be made: ${messageOf(error)}; name a file in a directory that the daemon’s user may write to`,
      1,
      { cause: error },
    );
  }
}

/**
 * A lock that ends with the process, however it ends: an exclusive transaction on a file of its own.
 * The database itself stays open to readers such as a backup.
 */
function lock(file: string): () => void {
  let guard: Database.Database | undefined;
  try {
    guard = new Database(`${file}.lock`, { timeout: 0 });
    guard.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    guard?.close();
    if (codeOf(error) !== 'SQLITE_BUSY') throw asUserError(error, `${file}.lock`);
    throw new UserError(
      `database.uri: ${file} is in use by another webhookd; stop that one first, or give this one a database of its own`,
      1,
      { cause: error },
    );
  }
  return () => guard.close();
}

function checkOwner(database: Database.Database, file: string): void {
  const id = database.pragma('application_id', { simple: true });
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id !== applicationId && tables !== 0) {
    throw new UserError(
      `database.uri: ${file} is a database of another program; it was left as it is`,
    );
  }
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    throw new UserError(
      `database.uri: ${file} was written by a newer webhookd (its schema is version ${version}, this one knows ${migrations.length}); install that version again, or restore a backup from before the upgrade. The file was left as it is`,
    );
  }
}

function checkIntegrity(database: Database.Database, file: string): void {
  if (statSync(file).size > fullCheckSize) return;
  const [first] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (first !== undefined && first.quick_check !== 'ok') throw corrupt(file, first.quick_check);
}

/**
 * Free pages can be given back to the disk only in a file that was made for it, or made anew. In any other
 * the free ones are used again, and it grows no further either.
 */
function prepareToShrink(database: Database.Database, file: string): void {
  const incremental = 2;
  if (database.pragma('auto_vacuum', { simple: true }) === incremental) return;
  const { size } = statSync(file);
  database.pragma(`auto_vacuum = ${incremental}`);
  if (size > 0 && size <= fullCheckSize) database.exec('VACUUM');
}

function migrate(database: Database.Database): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.transaction(() => {
      database.exec(sql);
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${index + 1}`);
    })();
  }
}

function corrupt(file: string, reason: string): UserError {
  return new UserError(
    `database.uri: ${file} is damaged or no SQLite database (${reason}); restore a backup, or move the file away to begin with an empty one. It was left as it is`,
  );
}

function asUserError(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (error instanceof UserError || typeof code !== 'string' || !code.startsWith('SQLITE_'))
    return error;
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return corrupt(file, messageOf(error));
  return new UserError(`database.uri: ${file} cannot be used: ${messageOf(error)} (${code})`, 1, {
    cause: error,
  });
}
