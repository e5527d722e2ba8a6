/** What happens to the database. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDaemon } from '../support/daemon.ts';
import type { ChaosOptions, ChaosReport, Scenarios } from './scenario.ts';
import { onStand, type Stand, withLeftover } from './stand.ts';

const isRoot = process.getuid?.() === 0;

/** SQLite's files beside each other. */
const filesOf = ({ databaseFile }: TestDaemon) =>
  ['', '-wal', '-shm'].map((suffix) => databaseFile + suffix).filter((file) => existsSync(file));

/** The store can keep nothing for a while, in the middle of a burst. */
async function withoutRoom(stand: Stand, fill: () => void, empty: () => void): Promise<number> {
  const { daemon, options } = stand;
  const publishing = stand.publish({ rate: options.events / 4 });
  await stand.burst(0.3);
  fill();
  try {
    await daemon.logged('the store is unavailable');
    const { body } = await daemon.call<{ store: { status: string } }>('GET', '/status');
    if (body.store.status !== 'fail') throw new Error('the status says that the store works');
  } finally {
    empty();
  }
  const emptiedAt = performance.now();
  await daemon.logged('the store is available again');
  const worstRecovery = await stand.goesOn(emptiedAt);
  await publishing;
  return worstRecovery;
}

/** No space is left: on a small disk in memory where one can be mounted, else by a limit of file sizes. */
const full = (options: ChaosOptions) =>
  isRoot && canMount() ? fullDisk(options) : limited(options);

/** Whether a disk in memory can be mounted here: not in every container. */
function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-mount-'));
  const isMounted = mount(directory);
  if (isMounted) unmount(directory);
  rmSync(directory, { recursive: true });
  return isMounted;
}

const mount = (directory: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', directory]).status === 0;

const unmount = (directory: string) => spawnSync('umount', ['--lazy', directory]);

function fullDisk(options: ChaosOptions): Promise<ChaosReport> {
  let mounted = '';
  return withLeftover(
    () => unmount(mounted),
    () =>
      onStand(
        options,
        async (stand) => {
          options.say('a full disk in memory');
          const filler = join(stand.daemon.directory, 'filler');
          try {
            return await stand.report(
              await withoutRoom(
                stand,
                () => fillUp(filler),
                () => rmSync(filler),
              ),
            );
          } finally {
            await stand.daemon.kill();
            unmount(mounted);
          }
        },
        {
          prepare: ({ directory }) => {
            mount(directory);
            mounted = directory;
            mkdirSync(join(directory, 'plugins'));
          },
        },
      ),
  );
}

const limited = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    options.say('a limit of file sizes');
    const { daemon } = stand;
    const smallest = () => Math.min(...filesOf(daemon).map((file) => statSync(file).size));
    const worstRecovery = await withoutRoom(
      stand,
      () => limitFiles(daemon, String(smallest())),
      () => limitFiles(daemon, 'unlimited'),
    );
    return stand.report(worstRecovery);
  });

/** Of files written from now on, bytes. */
const limitFiles = ({ pid }: TestDaemon, limit: string) =>
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${limit}:`]);

/** Writes until the disk takes no more. */
function fillUp(file: string): void {
  for (const size of [1024 * 1024, 4096, 1]) {
    const chunk = Buffer.alloc(size);
    try {
      for (;;) writeFileSync(file, chunk, { flag: 'a' });
    } catch {
      // That is what this is for.
    }
  }
}

/** The files may not be written to: while the daemon runs, where the system can do that, and at a start. */
const readOnly = (options: ChaosOptions) =>
  onStand(
    options,
    async (stand) => {
      const { daemon, subject } = stand;
      let worstRecovery = 0;
      const canFreeze = isRoot && frozen(daemon.configFile, true);
      if (canFreeze) {
        frozen(daemon.configFile, false);
        // What is shared memory stays as it is: writing to it would be the end of any process.
        const files = filesOf(daemon).filter((file) => !file.endsWith('-shm'));
        worstRecovery = await withLeftover(
          () => files.forEach((file) => frozen(file, false)),
          () =>
            withoutRoom(
              stand,
              () => files.forEach((file) => frozen(file, true)),
              () => files.forEach((file) => frozen(file, false)),
            ),
        );
      } else await stand.publish();
      options.say(canFreeze ? 'read-only while running' : 'files cannot be made immutable here');
      await daemon.stop();
      setWritable(daemon, false);
      try {
        await daemon.spawn();
        const status = await daemon.ended();
        const said = /^webhookd: .*/m.exec(daemon.output)?.[0] ?? daemon.output;
        options.say(`at a start: ${said}`);
        if (status !== 1 || !said.startsWith('webhookd: ') || /^\s+at /m.test(daemon.output))
          throw new Error(
            `started with a read-only file it ended with ${String(status)}: ${daemon.output}`,
          );
      } finally {
        setWritable(daemon, true);
      }
      await subject.start();
      return stand.report(worstRecovery);
    },
    // Root may write to everything, unless that is taken from it.
    isRoot ? { wrapper: ['setpriv', '--bounding-set=-dac_override'] } : {},
  );

/** Makes a file immutable, or changeable again; whether that works. */
const frozen = (file: string, isFrozen: boolean): boolean =>
  spawnSync('chattr', [isFrozen ? '+i' : '-i', file]).status === 0;

function setWritable({ directory, databaseFile }: TestDaemon, isWritable: boolean): void {
  for (const name of readdirSync(directory))
    if (join(directory, name).startsWith(databaseFile))
      chmodSync(join(directory, name), isWritable ? 0o600 : 0o400);
  chmodSync(directory, isWritable ? 0o700 : 0o500);
}

/** The database is deleted while the daemon runs; later a copy is put back. */
const deleted = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { daemon, subject } = stand;
    const publishing = stand.publish({ rate: options.events / 4 });
    await stand.burst(0.2 + 0.4 * options.random());
    const files = filesOf(daemon);
    for (const file of files) linkSync(file, `${file}.copy`);
    for (const file of files) unlinkSync(file);
    const deletedAt = performance.now();
    const status = await daemon.ended();
    const said = /^webhookd: .*/m.exec(daemon.output)?.[0] ?? daemon.output;
    options.say(
      `it ended with ${String(status)} after ${Math.round(performance.now() - deletedAt)} ms`,
    );
    options.say(said);
    if (status !== 2 || !said.includes('was deleted'))
      throw new Error(`it ended with ${String(status)}: ${said}`);
    for (const file of files) renameSync(`${file}.copy`, file);
    // What is not in the copy must still be in the queue: everything arrives.
    const explained = subject.unfinished();
    const startedAt = performance.now();
    await subject.start();
    const worstRecovery = await stand.goesOn(startedAt);
    await publishing;
    return stand.report(worstRecovery, explained);
  });

export const storeScenarios: Scenarios = {
  'store-full': { run: full, events: { full: 8_000, small: 800 } },
  'store-read-only': { run: readOnly, events: { full: 4_000, small: 400 } },
  'store-deleted': { run: deleted, events: { full: 4_000, small: 400 } },
};
