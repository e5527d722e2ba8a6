/** Starts the process that plugins run in: it ends with the daemon, and yields to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { codeOf } from '../../errors.ts';
import type { HostLimits } from './limits.ts';

const childFile = fileURLToPath(new URL('./child.js', import.meta.url));

/** Makes the kernel end the host with the daemon, however that ends. Part of util-linux. */
const parentGuard = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));

/** What a plugin needs of the daemon's environment, which may hold the daemon's secrets. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

/**
 * A plugin that computes for ever yields to the daemon (setpriority(2)). The lowest priority, 19, would starve
 * good plugins too: beside busy processes their deliveries waited for minutes.
 */
const niceness = 10;

/** @param name of the plugin, or what the plugins of it are called together */
export function spawnHost(
  name: string,
  { heapLimit, maxLogRate, maxRequestTimeout }: HostLimits,
): ChildProcess {
  const node = [
    process.execPath,
    `--max-old-space-size=${heapLimit}`,
    '--max-semi-space-size=4',
    childFile,
    JSON.stringify({ name, maxLogRate, maxRequestTimeout }),
  ];
  const [file = '', ...args] =
    parentGuard === undefined ? node : [parentGuard, '--pdeathsig', 'KILL', ...node];
  const environment = Object.fromEntries(
    passedOn.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
  );
  return spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, MALLOC_ARENA_MAX: '2' },
    // A session of its own is a group of its own for the scheduler (sched(7), the autogroup feature).
    detached: true,
  });
}

/** Where the system does not allow it, or knows no autogroups, the host is as important as the daemon. */
export function makeNice(pid: number): void {
  try {
    // A priority is a thread's own; those made later get it from the one that makes them.
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
