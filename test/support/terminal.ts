/** The command line on a terminal, where it asks. */
import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { cliFile } from './root.ts';
import { until } from './wait.ts';

/**
 * Runs a command on a terminal of its own, and types an answer whenever a question is there.
 *
 * @param dialogue questions, as they are to appear, with their answers
 * @returns everything the terminal showed
 */
export async function onTerminal(
  cwd: string,
  args: string[],
  dialogue: [question: string, answer: string][],
): Promise<{ status: number | null; shown: string }> {
  const command = [cliFile, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  // script(1) hands the command a terminal, and passes on what is typed.
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'dumb' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  child.stdout.on('data', (chunk) => (shown += String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let read = 0;
  for (const [question, answer] of dialogue) {
    await until(`the terminal asks: ${question}`, () => shown.includes(question, read));
    read = shown.indexOf(question, read) + question.length;
    child.stdin.write(`${answer}\r`);
  }
  return { status: await ended, shown };
}
