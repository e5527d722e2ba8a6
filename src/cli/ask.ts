/** Questions on a terminal. */
import type { Interface } from 'node:readline/promises';
import { UserError } from '../errors.ts';

/** @throws UserError when Ctrl-C or Ctrl-D comes instead of an answer */
export async function ask(terminal: Interface, question: string): Promise<string> {
  try {
    return await terminal.question(question);
  } catch (error) {
    process.stderr.write('\n');
    throw new UserError('ended without an answer', 1, { cause: error });
  }
}
