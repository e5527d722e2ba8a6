/** Lines of the log, put together: in order, in time, and none left behind. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineBatch } from '../../dist/daemon/line-batch.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const written: string[] = [];
  return { lines: new LineBatch({ write: (text) => void written.push(text) }), written };
}

test('lines that come within fifty milliseconds are written together, in order', () => {
  const { lines, written } = start();
  lines.write('1\n');
  vi.advanceTimersByTime(49);
  lines.write('2\n');
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(written).toEqual(['1\n2\n']);
  lines.write('3\n');
  vi.advanceTimersByTime(50);
  expect(written).toEqual(['1\n2\n', '3\n']);
});

test('many lines are written at once, and a line after them waits anew', () => {
  const { lines, written } = start();
  for (let id = 0; id < 256; id++) lines.write(`${id}\n`);
  expect(written).toHaveLength(1);
  expect(written[0]?.split('\n')).toHaveLength(257);
  lines.write('last\n');
  vi.advanceTimersByTime(49);
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(written[1]).toBe('last\n');
});

test('what waits is written when somebody asks, and nothing when nothing waits', () => {
  const { lines, written } = start();
  lines.flush();
  lines.write('1\n');
  lines.flush();
  lines.flush();
  vi.advanceTimersByTime(100);
  expect(written).toEqual(['1\n']);
});
