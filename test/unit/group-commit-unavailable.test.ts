import { describe, expect, test } from 'vitest';
import { commitsOnDisk, namesIn, unavailable } from '../support/commits.ts';
import { readableLog } from '../support/logs.ts';
import { until } from '../support/wait.ts';

/** A disk that is full, and how often it was tried. */
function fullDisk(options: Parameters<typeof commitsOnDisk>[0] = {}) {
  const made = commitsOnDisk(options);
  const tries: number[] = [];
  made.disk.failure = () => {
    tries.push(Date.now());
    return unavailable();
  };
  const tried = (count: number) => until(`${count} tries`, () => tries.length >= count);
  return { ...made, tries, tried };
}

test('the same records are tried again, and nobody is told until they are on disk', async () => {
  const { add, settled, disk, batches, commits, tried } = fullDisk();
  add('a', 'b');
  await tried(2);
  expect(settled).toEqual([]);
  expect(commits.failure?.message).toContain('disk is full');
  disk.failure = undefined;
  await commits.working();
  expect(namesIn(batches)).toEqual(['ab']);
  expect(settled).toEqual(['a', 'b']);
  expect(commits.failure).toBeUndefined();
});

test('what arrives meanwhile is committed afterwards, in its order', async () => {
  const { add, settled, disk, commits, tried } = fullDisk();
  add('a');
  await tried(1);
  add('b', 'c');
  disk.failure = undefined;
  await commits.working();
  await commits.drained();
  expect(settled).toEqual(['a', 'b', 'c']);
});

test('the log says so once, and once that it is back', async () => {
  const { log, lines } = readableLog();
  const { add, disk, commits, tried } = fullDisk({ log });
  add('a');
  await tried(3);
  disk.failure = undefined;
  await commits.working();
  expect(lines.map(({ msg }) => msg)).toEqual([
    'the store is unavailable, consuming pauses until it is back: database or disk is full (SQLITE_FULL)',
    'the store is available again',
  ]);
});

test('working() waits as long as commits fail', async () => {
  const { add, disk, commits, tried } = fullDisk();
  await commits.working();
  add('a');
  await tried(1);
  let isWorking = false;
  const working = commits.working().then(() => (isWorking = true));
  await tried(3);
  expect(isWorking).toBe(false);
  disk.failure = undefined;
  await working;
});

test('a store that refuses a record by itself works again', async () => {
  const { add, settled, disk, commits, tried } = fullDisk();
  add('bad');
  await tried(1);
  disk.failure = () => new Error('string too big');
  await commits.working();
  expect(commits.failure).toBeUndefined();
  expect(settled).toEqual(['bad: string too big']);
});

test('the pause between tries grows', async () => {
  const { add, tries, tried, commits } = fullDisk();
  add('a');
  await tried(4);
  commits.stop();
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  expect(pauses[0]).toBeGreaterThan(80);
  expect(pauses[1]).toBeGreaterThan(180);
  expect(pauses[2]).toBeGreaterThan(380);
});

describe('with many records behind', () => {
  const many = Array.from({ length: 100 }, (_, n) => `b${n} `);

  /** 'a' does not get onto the disk; what comes after it does, in a commit of its own. */
  async function overtaken() {
    const made = commitsOnDisk();
    let isBlocked = true;
    made.disk.failure = ({ events }) =>
      events[0]?.name === 'a' && isBlocked ? unavailable() : undefined;
    made.add('a');
    while (made.begun.length === 0) await new Promise(setImmediate);
    made.add(...many);
    await until('the second is on disk', () => made.batches.length > 0);
    return { ...made, unblock: () => (isBlocked = false) };
  }

  test('what is on disk first is told of in the order of arrival all the same', async () => {
    const { settled, commits, unblock } = await overtaken();
    expect(settled).toEqual([]);
    expect(commits.failure?.message).toContain('disk is full');
    unblock();
    await commits.working();
    await commits.drained();
    expect(settled).toEqual(['a', ...many]);
  });

  test('what comes after records that were dropped is not told of', async () => {
    const { settled, begun, commits, unblock } = await overtaken();
    commits.stop();
    unblock();
    const other = fullDisk();
    other.add('a');
    await other.tried(3);
    other.commits.stop();
    expect({ settled, begun }).toEqual({ settled: [], begun: [1, 100] });
  });

  test('one commit at a time is tried', async () => {
    const { add, begun, tried, commits } = fullDisk();
    add('a');
    await tried(1);
    add(...many);
    await tried(3);
    commits.stop();
    expect(begun).toEqual([1, 1, 1]);
  });
});

test('after stop() nothing is tried any more, and what is not on disk is not said to be', async () => {
  const stopped = fullDisk();
  const other = fullDisk();
  stopped.add('a');
  other.add('a');
  await stopped.tried(1);
  stopped.commits.stop();
  stopped.disk.failure = undefined;
  stopped.add('b');
  await other.tried(4);
  other.commits.stop();
  expect({ settled: stopped.settled, batches: stopped.batches }).toEqual({
    settled: [],
    batches: [],
  });
});
