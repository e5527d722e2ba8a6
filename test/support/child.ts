/** A command as a child process, with what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { until } from './wait.ts';

export class Child {
  readonly #process: ChildProcess;
  #output = '';

  constructor(command: string, args: string[], { cwd }: { cwd: string }) {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    child.on('error', (error) => (this.#output += error.message));
  }

  /** Waits for a line; fails when the process ends without it. */
  async printed(line: RegExp): Promise<void> {
    const isOver = () => line.test(this.#output) || this.hasEnded;
    await until(`the command prints ${String(line)}`, isOver).catch(() => undefined);
    if (!line.test(this.#output)) throw new Error(`no line ${String(line)} in:\n${this.#output}`);
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** SIGTERM, and the exit status. */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM');
    await until('the command ends', () => this.hasEnded);
    return this.#process.exitCode;
  }

  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.#process.kill('SIGKILL');
    await until('the command is gone', () => this.hasEnded);
  }
}
