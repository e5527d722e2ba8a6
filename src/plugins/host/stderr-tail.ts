/**
 * What a host writes around its log: native code, `process.stdout`, V8 when it dies. Read no faster than
 * lines may be logged; the pipe holds up a plugin that writes more.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How much is remembered of what it said last, characters. */
const remembered = 8_192;

const longestLine = 8_192;

/**
 * How long nothing is read at most, ms: a plugin that the pipe holds up makes no attempts, and one that has only
 * once said too much is to go on.
 */
const longestPause = 5_000;

export class StderrTail {
  #tail = '';

  constructor(
    child: ChildProcess,
    private readonly rate: number,
    private readonly onLine: (line: string) => void,
  ) {
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#read(stream);
  }

  /** Whether V8 said that it died of its heap. */
  get mentionsHeap(): boolean {
    return /heap out of memory|allocation failed|invalid (table|array) (size|length)/i.test(
      this.#tail,
    );
  }

  #read(stream: Readable): void {
    let rest = '';
    let left = this.rate;
    let refill: NodeJS.Timeout | undefined;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#tail = (this.#tail + chunk).slice(-remembered);
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) {
        if (left > 0 && line.trim() !== '') this.onLine(line.slice(0, longestLine));
        left--;
      }
      // What has no line ends is to be read as well.
      left -= chunk.length / longestLine;
      if (left > 0 || refill !== undefined) return;
      stream.pause();
      const pause = Math.min(longestPause, (1 - left / this.rate) * 1_000);
      refill = setTimeout(() => {
        refill = undefined;
        left = this.rate;
        stream.resume();
      }, pause);
      refill.unref();
    });
    stream.on('error', () => undefined);
  }
}
