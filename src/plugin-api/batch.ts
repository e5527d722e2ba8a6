/** Several calls at a time. */

/**
 * Makes calls in parallel, and gives their results in the order of the calls.
 *
 * @param atOnce how many may run at the same time
 * @throws what the first call that fails throws; no further calls are begun then
 */
export async function batch<T>(
  calls: readonly (() => Promise<T>)[],
  { atOnce = 10 }: { atOnce?: number } = {},
): Promise<T[]> {
  const results: T[] = new Array<T>(calls.length);
  let next = 0;
  let hasFailed = false;
  const work = async () => {
    while (next < calls.length && !hasFailed) {
      const place = next++;
      const call = calls[place];
      try {
        if (call !== undefined) results[place] = await call();
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, work));
  return results;
}
