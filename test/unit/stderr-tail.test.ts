/** What a plugin's process writes around its log is read no faster than it may log. */
import type { ChildProcess } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StderrTail } from '../../dist/plugins/host/stderr-tail.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const rate = 100;

function listening() {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const heard: string[] = [];
  const child = { stdout, stderr } as unknown as ChildProcess;
  const tail = new StderrTail(child, rate, (line) => heard.push(line));
  return { stdout, stderr, heard, tail };
}

const linesOf = (count: number) =>
  Array.from({ length: count }, (_, place) => `line ${place}\n`).join('');

/** What streams do meanwhile they do without a timer. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function isReadAfter(stream: PassThrough, ms: number): Promise<boolean> {
  vi.advanceTimersByTime(ms);
  await settled();
  return !stream.isPaused();
}

test('as many lines as are allowed in a second are heard, and the next ones a second later', async () => {
  const { stdout, heard } = listening();
  stdout.write(linesOf(rate));
  await settled();
  expect(heard).toHaveLength(rate);
  stdout.write(linesOf(1));
  expect(await isReadAfter(stdout, 999)).toBe(false);
  expect(heard).toHaveLength(rate);
  expect(await isReadAfter(stdout, 1)).toBe(true);
  expect(heard).toHaveLength(rate + 1);
});

test('who writes more waits for as long as it would have taken, but not for ever', async () => {
  const { stdout, heard } = listening();
  stdout.write(linesOf(3 * rate));
  await settled();
  expect(heard).toHaveLength(rate);
  expect(await isReadAfter(stdout, 2_900)).toBe(false);
  expect(await isReadAfter(stdout, 200)).toBe(true);
  stdout.write(linesOf(100 * rate));
  await settled();
  expect(heard).toHaveLength(2 * rate);
  expect(await isReadAfter(stdout, 4_999)).toBe(false);
  expect(await isReadAfter(stdout, 1)).toBe(true);
});

test('what has no line ends is held up too', async () => {
  const { stdout } = listening();
  stdout.write('x'.repeat(8_192 * rate));
  await settled();
  expect(stdout.isPaused()).toBe(true);
});

test('what V8 says when it dies is heard beside a flood', async () => {
  const { stdout, stderr, tail } = listening();
  stdout.write(linesOf(10 * rate));
  await settled();
  expect(tail.mentionsHeap).toBe(false);
  stderr.write('FATAL ERROR: JavaScript heap out of memory\n');
  await settled();
  expect(tail.mentionsHeap).toBe(true);
});
