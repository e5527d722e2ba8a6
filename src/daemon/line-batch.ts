/** Puts the lines of one turn of the event loop together: a busy daemon logs hundreds of them. */
import type { DestinationStream } from 'pino';

export class LineBatch implements DestinationStream {
  #lines: string[] = [];

  constructor(private readonly output: DestinationStream) {}

  write(line: string): void {
    if (this.#lines.push(line) === 1) setImmediate(() => this.flush());
  }

  /** Hands on what there is now. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines.join('');
    this.#lines = [];
    this.output.write(lines);
  }
}
