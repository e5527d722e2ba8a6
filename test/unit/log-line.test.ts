/** The log as a person reads it: one line each, and nothing in it that a terminal obeys. */
import { beforeEach, expect, test, vi } from 'vitest';
import { readable } from '../../dist/log-line.js';

// Whoever runs the tests may have a terminal with colors.
beforeEach(() => void vi.stubEnv('FORCE_COLOR', '0'));

const time = Date.parse('2026-01-02T03:04:05.678Z');

test('time, level, plugin and message come first, then what else there is to know', () => {
  const line = {
    level: 30,
    time,
    msg: 'delivered',
    plugin: 'webhookd-http',
    status: 'success',
    next_attempt_at: time + 1_000,
    detail: { code: 200 },
    user: null,
  };
  expect(readable(line)).toBe(
    '2026-01-02T03:04:05.678Z INFO  [webhookd-http] delivered  status=success  next_attempt_at=2026-01-02T03:04:06.678Z  detail={"code":200}',
  );
});

test('a stack follows below, its lines set in', () => {
  const err = { message: 'no', stack: 'Error: no\n    at here' };
  expect(readable({ level: 50, time, msg: 'it failed', err })).toBe(
    '2026-01-02T03:04:05.678Z ERROR it failed\n    Error: no\n        at here',
  );
});

test('what others wrote tells a terminal nothing, and makes no line of its own', () => {
  const hostile = '\u001b[2J\u009b31m\u202eevil\r\n2026-01-02T03:04:05.678Z INFO  all is well';
  const shown = readable({
    level: 40,
    time,
    msg: hostile,
    plugin: hostile,
    [hostile]: hostile,
    nested: { [hostile]: hostile },
    err: { stack: hostile },
  });
   
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  // Of what has several lines only the stack keeps them, and they are set in.
  const [, ...below] = shown.split('\n');
  expect(below).toHaveLength(2);
  for (const line of below) expect(line).toMatch(/^ {4}/);
});
