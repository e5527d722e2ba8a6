/** How long an endpoint that has too much to do wants to be left alone. */
import type { Answer } from './exchange.ts';

/** Nobody is waited for longer, seconds. */
const longest = 3600;

/**
 * Seconds, from the header `Retry-After` (RFC 9110, 10.2.3: a number or a date) of a 429 or 503; undefined
 * when there is none that makes sense.
 */
export function retryAfter(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  now = Date.now(),
): number | undefined {
  const value = headers['retry-after'];
  if ((status !== 429 && status !== 503) || typeof value !== 'string') return undefined;
  const text = value.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : (timeOf(text) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longest);
}

/** Any of the three forms of RFC 9110, 5.6.7, the third of which does not name its zone; NaN: it is none. */
function timeOf(text: string): number {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
