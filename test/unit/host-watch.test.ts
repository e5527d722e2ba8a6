/** A process that computes for ever, watched: slowed down while the daemon waits, never while it does not. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { HostWatch } from '../../dist/plugins/host/host-watch.js';
import { usageOf, waitedForCore } from '../../dist/plugins/host/usage.js';
import { until } from '../support/wait.ts';

/** @param waitedForCore what the daemon is to have waited, ms */
function watchLoop(waitedForCore: () => number, memoryLimit = Infinity) {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const seen = { slowed: 0, tooLarge: 0 };
  const watch = new HostWatch({
    pid,
    memoryLimit,
    signal: (signal) => void child.kill(signal),
    waitedForCore,
    onTooLarge: () => seen.tooLarge++,
    onSlowed: () => seen.slowed++,
  });
  onTestFinished(() => {
    watch.stop();
    child.kill('SIGKILL');
  });
  const isResting = () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  };
  return { pid, seen, watch, isResting };
}

test('a loop rests and runs in turn while the daemon waits for a core; when the watch ends it runs', async () => {
  const { seen, watch, isResting } = watchLoop(() => performance.now());
  watch.slowDownWhenGreedy();
  for (let turn = 0; turn < 3; turn++) {
    await until('it rests', isResting);
    await until('it runs', () => !isResting());
  }
  expect(seen.slowed).toBeGreaterThan(0);
  await until('it rests', isResting);
  watch.stop();
  expect(isResting()).toBe(false);
});

test('a loop that nobody waits for, or that is still loaded, is left alone', async () => {
  const unhindered = watchLoop(() => 0);
  const loading = watchLoop(() => performance.now());
  unhindered.watch.slowDownWhenGreedy();
  for (const { pid } of [unhindered, loading]) {
    const has = () => (usageOf(pid)?.cpu ?? 0) >= 1_500;
    await until('it has computed for long', has);
  }
  expect([unhindered.seen.slowed, loading.seen.slowed]).toEqual([0, 0]);
});

test('one that rests runs while another package is loaded into it, and rests again afterwards', async () => {
  const { pid, seen, watch, isResting } = watchLoop(() => performance.now());
  watch.slowDownWhenGreedy();
  await until('it rests', isResting);
  watch.leaveAlone();
  const before = usageOf(pid)?.cpu ?? 0;
  await until('it has computed on', () => (usageOf(pid)?.cpu ?? 0) >= before + 1_000);
  expect(isResting()).toBe(false);
  expect(seen.slowed).toBe(1);
  watch.slowDownWhenGreedy();
  await until('it rests again', isResting);
  expect(seen.slowed).toBe(2);
});

test('too much memory is told', async () => {
  const { seen } = watchLoop(() => 0, 1);
  await until('it is told', () => seen.tooLarge > 0);
});

test('the kernel says how long this process has waited, and nothing of one that is no more', () => {
  expect(waitedForCore()).toBeGreaterThan(0);
  expect(usageOf(2 ** 22 + 1)).toBeUndefined();
});
