import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commitsOnDisk as setUp, namesIn, unavailable } from '../support/commits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('commits are shared', () => {
  test('by what was added in one turn of the event loop', async () => {
    const { add, addAttempt, batches, settled } = setUp();
    add('a', 'b');
    addAttempt('d');
    add('c');
    await pass(20);
    expect(namesIn(batches)).toEqual(['abc']);
    expect(batches[0]?.attempts.map(({ deliveryId }) => deliveryId)).toEqual(['d']);
    expect(settled).toEqual(['a', 'b', 'd', 'c']);
  });

  test('by what was added while the one before was on its way to the disk', async () => {
    const { add, batches } = setUp();
    add('a');
    await pass(5);
    add('b');
    await pass(2);
    add('c');
    await pass(50);
    expect(namesIn(batches)).toEqual(['a', 'bc']);
  });

  test('and end in the order in which they were asked for', async () => {
    const { add, settled } = setUp();
    for (const name of 'abcdefgh') {
      add(name);
      await pass(3);
    }
    await pass(50);
    expect(settled.join('')).toBe('abcdefgh');
  });

  test('nobody is told before the commit has ended', async () => {
    const { add, settled } = setUp();
    add('a');
    await pass(9);
    expect(settled).toEqual([]);
    await pass(2);
    expect(settled).toEqual(['a']);
  });
});

describe('when there is much', () => {
  const many = (prefix: string) => Array.from({ length: 100 }, (_, n) => `${prefix}${n} `);

  test('a commit does not wait for the one before', async () => {
    const { add, begun } = setUp();
    add('a');
    await pass(1);
    add(...many('b'));
    expect(begun).toEqual([1, 100]);
    add(...many('c').slice(1));
    expect(begun).toEqual([1, 100]);
    add('c');
    expect(begun).toEqual([1, 100, 100]);
  });

  test('one bad record among the many is told so in its place', async () => {
    const { add, settled, disk } = setUp();
    disk.failure = ({ events }) =>
      events.some(({ name }) => name === 'bad') ? new Error('string too big') : undefined;
    add('a', 'bad', 'b');
    await pass(1);
    add(...many('c'));
    await pass(200);
    expect(settled).toEqual(['a', 'bad: string too big', 'b', ...many('c')]);
  });
});

describe('a record that can never be stored', () => {
  test('is told so alone, and the others of its commit are stored in their order', async () => {
    const { add, settled, disk, batches } = setUp();
    disk.failure = ({ events }) =>
      events.some(({ name }) => name === 'bad') ? new Error('string too big') : undefined;
    add('a', 'bad', 'b');
    await pass(200);
    expect(settled).toEqual(['a', 'bad: string too big', 'b']);
    expect(namesIn(batches)).toEqual(['a', 'b']);
    add('c');
    await pass(50);
    expect(settled.at(-1)).toBe('c');
  });

  test('does not make the store count as unavailable', async () => {
    const { add, disk, commits } = setUp();
    disk.failure = () => new Error('string too big');
    add('bad');
    await pass(100);
    expect(commits.failure).toBeUndefined();
  });
});

describe('at the end', () => {
  test('drained() waits for everything that was added', async () => {
    const { add, settled, commits } = setUp();
    add('a');
    await pass(5);
    add('b');
    let isDrained = false;
    void commits.drained().then(() => (isDrained = true));
    await pass(6);
    expect(isDrained).toBe(false);
    await pass(30);
    expect({ isDrained, settled }).toEqual({ isDrained: true, settled: ['a', 'b'] });
  });

  test('drained() does not wait for a store that is unavailable', async () => {
    const { add, disk, commits } = setUp();
    disk.failure = unavailable;
    add('a');
    let isDrained = false;
    void commits.drained().then(() => (isDrained = true));
    await pass(20);
    expect(isDrained).toBe(true);
  });

  test('drained() resolves at once when there is nothing to wait for', async () => {
    await expect(setUp().commits.drained()).resolves.toBeUndefined();
  });
});
