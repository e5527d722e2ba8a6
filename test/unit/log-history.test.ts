/** What the log remembers: its last lines, in order and whole, whatever was written how. */
import { expect, test } from 'vitest';
import { LogHistory } from '../../dist/daemon/log-history.js';

const mebibyte = 1024 * 1024;

function start() {
  let written = '';
  const history = new LogHistory({ write: (text) => (written += text) });
  return { history, written: () => written };
}

const line = (id: number, length = 100) => `{"id":${id},"é":"${'x'.repeat(length)}"}`;
const idOf = (text = '') => (JSON.parse(text) as { id: number }).id;

test('lines are remembered in order, however many come at once, and written out', () => {
  const { history, written } = start();
  history.write(`${line(1)}\n`);
  history.write(`${line(2)}\n${line(3)}\n`);
  expect(history.lines()).toEqual([line(1), line(2), line(3)]);
  expect(written()).toBe(`${line(1)}\n${line(2)}\n${line(3)}\n`);
});

test('the last mebibyte at least is remembered, the last two at most', () => {
  const { history } = start();
  for (let id = 1; id <= 50_000; id++) {
    history.write(`${line(id)}\n`);
    if (id % 10_000 !== 0) continue;
    const lines = history.lines();
    expect(lines.map(idOf)).toEqual(lines.map((_, index) => id - lines.length + 1 + index));
    const size = Buffer.byteLength(lines.join('\n'));
    expect(size).toBeGreaterThan(Math.min(0.99 * mebibyte, id * 100));
    expect(size).toBeLessThanOrEqual(2 * mebibyte);
  }
});

test('of more at once than there is room for, the last lines are remembered', () => {
  const { history } = start();
  const ids = Array.from({ length: 30_000 }, (_, index) => index + 1);
  history.write(ids.map((id) => `${line(id)}\n`).join(''));
  const lines = history.lines();
  expect(lines.length).toBeGreaterThan(1_000);
  expect(lines.map(idOf)).toEqual(ids.slice(-lines.length));
});

test('followers get each line once, until they have enough', () => {
  const { history } = start();
  const seen: number[] = [];
  history.write(`${line(1)}\n`);
  const end = history.follow((text) => seen.push(idOf(text)));
  history.write(`${line(2)}\n${line(3)}\n`);
  end();
  history.write(`${line(4)}\n`);
  expect(seen).toEqual([2, 3]);
});
