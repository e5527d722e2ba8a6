/** Children that are asked things by message, and what the kernel says of a process. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A child that answers every message with one message. */
export class Child {
  private constructor(readonly process: ChildProcess) {}

  /** Starts a module beside this one; resolves with its first message. */
  static async start(
    module: string,
    args: string[],
    environment: Record<string, string> = {},
  ): Promise<{ child: Child; hello: unknown }> {
    const file = fileURLToPath(new URL(`./${module}.js`, import.meta.url));
    const child = new Child(fork(file, args, { env: { ...process.env, ...environment } }));
    return { child, hello: await child.#next() };
  }

  async ask<T>(message: string | object): Promise<T> {
    const answer = this.#next<T>();
    this.process.send(message);
    return answer;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  #next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.process.once('message', (message) => resolve(message as T));
      this.process.once('exit', (code) =>
        reject(new Error(`a child of the benchmark ended with ${code ?? 'a signal'}`)),
      );
      this.process.setMaxListeners(0);
    });
  }
}

/** CPU time a process has used so far, user and system, all threads, ms. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in ticks of 10 ms (proc(5)).
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory now and at its highest, MiB. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
