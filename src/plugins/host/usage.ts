/** What the kernel says of processes (proc(5)). */
import { readFile } from 'node:fs/promises';

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
export async function usageOf(pid: number): Promise<ProcessUsage | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
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
export async function waitedForCore(): Promise<number> {
  const text = await readFile(`/proc/${process.pid}/schedstat`, 'utf8').catch(() => '');
  return Number(text.split(' ')[1] ?? 0) / 1e6;
}
