#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=16 --heap-growing-percent=50 --no-parallel-scavenge --disable-warning=ExperimentalWarning
/**
 * The entrance of the command line. Exit status 0, 1 (failed) or 2 (wrong use); a user's mistake is told in
 * words, a bug with its stack.
 */
import { messageOf, UserError } from '../errors.ts';
import { plainLines } from '../one-line.ts';
import { plainRun, run } from './run.ts';

const args = process.argv.slice(2);
const plain = plainRun(args);
try {
  if (plain !== undefined) await run(plain);
  else await (await import('./cli.ts')).runCli(args);
} catch (error) {
  if (error instanceof UserError) console.error(plainLines(`webhookd: ${messageOf(error)}`));
  else console.error(error);
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}
