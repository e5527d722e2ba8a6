/** Debian's libfaketime: the wall clock of a process, set by a file. Its monotonic clock and timers stay as they are. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's package has it. */
function libraryFile(): string {
  for (const name of readdirSync('/usr/lib')) {
    const file = join('/usr/lib', name, 'faketime/libfaketimeMT.so.1');
    if (existsSync(file)) return file;
  }
  throw new Error('libfaketime is not installed: apt-get install libfaketime');
}

export class FakeClock {
  /** @param file to be made; whoever has the environment has its time */
  constructor(private readonly file: string) {
    this.set(0);
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: libraryFile(),
      FAKETIME_TIMESTAMP_FILE: this.file,
      // Looked at once a second.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** @param offset from the real time, seconds */
  set(offset: number): void {
    writeFileSync(this.file, `${offset < 0 ? '-' : '+'}${Math.abs(offset)}\n`);
  }
}
