/**
 * What the kernel says of processes (proc(5)). It is at hand without a disk: to ask for it on another thread
 * would cost more, and a buffer of 64 KiB each time besides.
 */
import { readFileSync } from 'node:fs';

/** A tick of the kernel's accounts, ms; sysconf(_SC_CLK_TCK) is 100 on Linux. */
const tick = 10;

const pageSize = 4096;

export interface ProcessUsage {
  /** Time on a core since its start, all threads, ms. */
  cpu: number;
  /** Resident memory, MiB. */
  resident: number;
}

/** undefined: there is no such process. */
export function usageOf(pid: number): ProcessUsage | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses, the second field, may have spaces; the state, the third, is the first here.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTime = 0, systemTime = 0] = fields.slice(11, 13).map(Number);
  return {
    cpu: (userTime + systemTime) * tick,
    resident: (Number(fields[21] ?? 0) * pageSize) / 2 ** 20,
  };
}

/**
 * How long the daemon's own thread has waited for a core so far, ms: the machine's accounts are not to be seen
 * by a service that is confined to what concerns processes (`ProcSubset=pid`). Where the kernel does not
 * count it (sched-stats) it never waits.
 */
export function waitedForCore(): number {
  const [, waited = 0] = read(`/proc/${process.pid}/schedstat`)?.split(' ') ?? [];
  return Number(waited) / 1e6;
}

/** undefined: the process has ended, or the kernel does not say. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
