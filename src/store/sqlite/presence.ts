/** Notices that the files of an open database were deleted or replaced: SQLite goes on writing to what nobody will read again. */
import { statSync } from 'node:fs';

/** SQLite's own code for it, which it does not give itself when there is a write-ahead log. */
const movedCode = 'SQLITE_READONLY_DBMOVED';

/** How often is looked while nobody calls, ms. */
const interval = 1_000;

export class Presence {
  readonly #known: { file: string; stamp: string }[];
  #timer: NodeJS.Timeout | undefined;
  #missing: Error | undefined;

  /** @param file of the database that was just opened */
  constructor(file: string) {
    this.#known = [file, `${file}-wal`].flatMap((name) => {
      const stamp = stampOf(name);
      return stamp === undefined ? [] : [{ file: name, stamp }];
    });
  }

  /** @throws an error of SQLite's kind when a file is no longer the one that was opened, once it was not */
  check(): void {
    if (this.#missing !== undefined) throw this.#missing;
    for (const { file, stamp } of this.#known) {
      const now = stampOf(file);
      if (now === stamp) continue;
      const what = now === undefined ? 'was deleted' : 'was replaced by another file';
      this.#missing = Object.assign(new Error(`${file} ${what} while the daemon was running`), {
        code: movedCode,
      });
      throw this.#missing;
    }
  }

  /** Calls back once when a file is missed. */
  watch(onMissing: (error: Error) => void): void {
    this.#timer = setInterval(() => {
      try {
        this.check();
      } catch (error) {
        this.stop();
        onMissing(error as Error);
      }
    }, interval);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Which file it is that has this name; undefined when there is none. */
function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}
