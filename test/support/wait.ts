/** Waiting for conditions, never for a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves with the first result that is neither undefined nor false.
 *
 * @param what said in the error when it takes too long
 * @param patience how long to try, ms; generous, since machines are slow at times
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  patience = 60_000,
): Promise<T> {
  const deadline = Date.now() + patience;
  let lastError: unknown;
  while (Date.now() < deadline) {
    try {
      const result = await condition();
      if (result !== undefined && result !== false) return result;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await sleep(15);
  }
  throw new Error(`waited ${patience / 1000} s in vain: ${what}`, { cause: lastError });
}
