/**
 * How much hostile input is made, and from which seed.
 *
 *     npm run hostile [-- --runs N] [--seed N]
 *
 * In `npm test` both are fixed: what a run says, it says of the code. A property that fails prints its seed,
 * and the path to the input it found.
 */
import type { Parameters } from 'fast-check';

const fromEnvironment = (name: string, usual: number): number => {
  const text = process.env[name];
  const value = Number(text ?? usual);
  if (!Number.isSafeInteger(value))
    throw new Error(`${name}: found ${text ?? ''}, expected a number`);
  return value;
};

export const seed = fromEnvironment('HOSTILE_SEED', 1);

const runs = fromEnvironment('HOSTILE_RUNS', 200);

/** @param share how many of the runs a property takes: one that is cheap more, one that is costly less */
export const shareOfRuns = (share = 1): number => Math.max(1, Math.ceil(runs * share));

/** For `fc.assert`. */
export const settings = <T>(share = 1): Parameters<T> => ({ seed, numRuns: shareOfRuns(share) });

/** How long a test may take, ms: it is no measure of speed. */
export const patience = { timeout: 120_000 + runs * 1_000 };
