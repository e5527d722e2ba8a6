/** Where the log's lines go at last: a file or standard output. A full disk costs lines, and never the daemon. */
import { close, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DestinationStream } from 'pino';
import { codeOf, messageOf, UserError } from '../errors.ts';

/** So much waits for a disk that is slow or full; what comes then is left out. Bytes. */
const mostWaiting = 8 * 1024 * 1024;

/** How long until what could not be written is tried again, ms. */
const pause = 200;

/** How often a full pipe is tried at once, with so many ms between. */
const pipeTries = 100;
const pipePause = 10;

export class LogOutput implements DestinationStream {
  readonly #file: string | null;
  #fd: number;
  /** The first one may be under way. */
  readonly #waiting: Buffer[] = [];
  #size = 0;
  /** Of the write that is under way; its file may not be closed yet. */
  #busyFd: number | undefined;
  #again: NodeJS.Timeout | undefined;
  #isFailing = false;
  #leftOut = 0;

  /**
   * @param file null is standard output
   * @throws UserError when the file cannot be opened
   */
  constructor(file: string | null) {
    this.#file = file;
    this.#fd = file === null ? 1 : openLog(file);
  }

  /** Whole lines. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#size + bytes.length > mostWaiting) {
      this.#leftOut += text.split('\n').length - 1;
      return;
    }
    this.#size += bytes.length;
    this.#waiting.push(bytes);
    if (this.#again === undefined) this.#writeFirst();
  }

  /** Writes what there is now, synchronously; what fails is kept. */
  flush(): void {
    // What is under way ends by itself.
    const from = this.#busyFd === undefined ? 0 : 1;
    try {
      for (let bytes; (bytes = this.#waiting[from]) !== undefined;)
        this.#written(from, bytes, writeAtOnce(this.#fd, bytes));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Opens the file anew. Throws {@link UserError} when that fails; the one that was open is kept then. */
  reopen(): void {
    if (this.#file === null) return;
    const former = this.#fd;
    this.#fd = openLog(this.#file);
    if (former !== this.#busyFd) close(former, () => undefined);
    this.#writeFirst();
  }

  #writeFirst(): void {
    if (this.#busyFd !== undefined) return;
    const [bytes] = this.#waiting;
    if (bytes === undefined) {
      this.#sayWell();
      return;
    }
    const fd = this.#fd;
    this.#busyFd = fd;
    write(fd, bytes, (error, count) => {
      this.#busyFd = undefined;
      if (fd !== this.#fd) close(fd, () => undefined);
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#written(0, bytes, count);
      this.#writeFirst();
    });
  }

  #written(index: number, bytes: Buffer, count: number): void {
    this.#size -= count;
    if (count === bytes.length) this.#waiting.splice(index, 1);
    else this.#waiting[index] = bytes.subarray(count);
  }

  #fail(error: unknown): void {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#writeFirst();
    }, pause).unref();
    // A reader who is slow.
    if (this.#isFailing || codeOf(error) === 'EAGAIN') return;
    this.#isFailing = true;
    console.error(
      `webhookd: the log cannot be written: ${messageOf(error)}; it waits until it can`,
    );
  }

  #sayWell(): void {
    if (!this.#isFailing && this.#leftOut === 0) return;
    console.error(`webhookd: the log is written again; lines that were left out: ${this.#leftOut}`);
    this.#isFailing = false;
    this.#leftOut = 0;
  }
}

function openLog(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a');
  } catch (error) {
    throw new UserError(`log_file: ${file} cannot be written: ${messageOf(error)}`, 1, {
      cause: error,
    });
  }
}

/** With some patience for a pipe: it is full when its reader is slow. */
function writeAtOnce(fd: number, bytes: Buffer): number {
  for (let tries = 1; ; tries++) {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' || tries === pipeTries) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pipePause);
    }
  }
}
