/** The log's last lines, and whoever wants to see the next ones. */
import type { DestinationStream } from 'pino';

/** How much is remembered at least, bytes; at most twice as much. */
const capacity = 1024 * 1024;

/**
 * Keeps lines as bytes outside of the heap: as strings they would be copied again and again by the garbage
 * collector of a busy daemon. Two halves take turns: when one is full, the other begins anew.
 */
export class LogHistory implements DestinationStream {
  #present = new Half();
  #former = new Half();
  readonly #followers = new Set<(line: string) => void>();

  constructor(private readonly output: DestinationStream) {}

  /** Lines of JSON with their line ends, as pino writes them. */
  write(text: string): void {
    this.output.write(text);
    this.#remember(text);
    if (this.#followers.size === 0) return;
    for (const line of linesOf(text)) for (const follower of this.#followers) follower(line);
  }

  /** The oldest first. */
  lines(): string[] {
    return linesOf(this.#former.text() + this.#present.text());
  }

  /** Tells of every line from now on; a function that ends that. */
  follow(follower: (line: string) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  #remember(text: string): void {
    if (this.#present.add(text)) return;
    [this.#former, this.#present] = [this.#present, this.#former];
    this.#present.clear();
    if (this.#present.add(text)) return;
    // More in one turn of the event loop than fits: of that, too, the last lines are kept.
    const end = text.slice(-capacity / 4);
    this.#present.add(end.slice(end.indexOf('\n') + 1));
  }
}

class Half {
  /** Memory that was never written to costs nothing. */
  #bytes: Buffer | undefined;
  #length = 0;

  /** Whether there was room for it. */
  add(text: string): boolean {
    const bytes = (this.#bytes ??= Buffer.allocUnsafeSlow(capacity));
    const size = Buffer.byteLength(text);
    if (size > capacity - this.#length) return false;
    this.#length += bytes.write(text, this.#length);
    return true;
  }

  text(): string {
    return this.#bytes?.toString('utf8', 0, this.#length) ?? '';
  }

  clear(): void {
    this.#length = 0;
  }
}

/** Of a text of several. */
export const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
