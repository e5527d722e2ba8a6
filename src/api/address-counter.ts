/** Counts what addresses do, each in windows of time. */
import { isIPv6 } from 'node:net';

/** Addresses remembered at most; the oldest goes first. */
const maxRemembered = 10_000;

interface Window {
  count: number;
  /** ms, on the clock that is never set. */
  until: number;
}

export interface Counted {
  count: number;
  /** Whether this is more than is allowed. */
  isOver: boolean;
  /** Until the window ends, seconds; at least 1. */
  retryAfter: number;
}

/**
 * Bounded in memory: somebody with very many addresses pushes out what was counted for others, and gains no more
 * than the limit for each.
 */
export class AddressCounter {
  readonly #windows = new Map<string, Window>();

  /** @param length of a window, ms; one begins with the first thing counted */
  constructor(
    private readonly limit: number,
    private readonly length: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(address: string): Counted {
    const key = placeOf(address);
    const now = this.now();
    const known = this.#windows.get(key);
    const window =
      known !== undefined && known.until > now ? known : { count: 0, until: now + this.length };
    window.count++;
    if (window !== known) this.#begin(key, window);
    return {
      count: window.count,
      isOver: window.count > this.limit,
      retryAfter: Math.max(1, Math.ceil((window.until - now) / 1000)),
    };
  }

  #begin(key: string, window: Window): void {
    // In the order of their beginnings, so that the first is always the oldest.
    this.#windows.delete(key);
    if (this.#windows.size >= maxRemembered) {
      const [oldest] = this.#windows.keys();
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    this.#windows.set(key, window);
  }
}

/** Who has one IPv6 address usually has all of its /64. */
function placeOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [plain = ''] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const parts = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && parts.length + after.length < 8) parts.push('0');
  return [...parts, ...after]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':');
}
