/** Puts lines together before they are written: a busy daemon logs thousands of them a second. */
import type { DestinationStream } from 'pino';

/** How long a line waits for others, ms: a person who reads along does not notice. */
const longestWait = 50;

/** So many lines wait for no more. */
const mostLines = 256;

export class LineBatch implements DestinationStream {
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly output: DestinationStream) {}

  write(line: string): void {
    const count = this.#lines.push(line);
    if (count >= mostLines) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), longestWait);
  }

  /** Hands on what there is now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const lines = this.#lines.join('');
    this.#lines = [];
    this.output.write(lines);
  }
}
