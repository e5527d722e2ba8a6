/** The log's last lines, and whoever wants to see the next ones. */
import type { DestinationStream } from 'pino';

/** How much is remembered, characters. */
const capacity = 2 * 1024 * 1024;

export class LogHistory implements DestinationStream {
  #lines: string[] = [];
  /** Lines before this place were forgotten. */
  #first = 0;
  #size = 0;
  readonly #followers = new Set<(line: string) => void>();

  constructor(private readonly output: DestinationStream) {}

  /** A line of JSON with its line end, as pino writes it. */
  write(line: string): void {
    this.output.write(line);
    this.#lines.push(line);
    this.#size += line.length;
    while (this.#size > capacity) {
      this.#size -= this.#lines[this.#first]?.length ?? 0;
      this.#lines[this.#first++] = '';
    }
    if (this.#first > 1_000 && this.#first > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
    for (const follower of this.#followers) follower(line);
  }

  /** The oldest first. */
  lines(): string[] {
    return this.#lines.slice(this.#first);
  }

  /** Tells of every line from now on; a function that ends that. */
  follow(follower: (line: string) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }
}
