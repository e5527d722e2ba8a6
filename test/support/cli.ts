/** The command line as a user has it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { checkForSecrets } from './planted.ts';
import { cliFile } from './root.ts';

export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  ended: Promise<CliResult>;
}

/** Starts a command; it is ended with the test at the latest. */
export function startCli(args: string[], environment: Record<string, string> = {}): RunningCli {
  const child = spawn(cliFile, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      try {
        checkForSecrets(`what ${args.join(' ')} printed`, `${output.stdout}\n${output.stderr}`);
        resolve({ status, ...output });
      } catch (error) {
        reject(error);
      }
    });
  });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, ended };
}

export const runCli = (args: string[], environment?: Record<string, string>) =>
  startCli(args, environment).ended;
