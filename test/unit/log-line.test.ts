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

test.each<[string, unknown, string]>([
  ['a time of day', '12:30', '12:30'],
  ['a number that is no moment', 8.64e15 + 1, '8640000000000001'],
  ['an object', { toString: 1 }, '{"toString":1}'],
  ['nothing', null, 'null'],
  ['the name of what every object has', 'constructor', 'constructor'],
  ['text of several lines', '1\n2', '1\\u000a2'],
])('%s is shown as it is, wherever something else belongs', (_what, value, text) => {
  const line = { level: 30, time, msg: 'told' };
  const at = '2026-01-02T03:04:05.678Z';
  expect(readable({ ...line, time: value })).toBe(`${text} INFO  told`);
  expect(readable({ ...line, level: value })).toBe(`${at} ${text.padEnd(5)} told`);
  expect(readable({ ...line, msg: value })).toBe(`${at} INFO  ${text}`);
  const more = value === null ? '' : `  sent_at=${text}`;
  expect(readable({ ...line, sent_at: value })).toBe(`${at} INFO  told${more}`);
});

test('a line without level, time and message is one all the same', () => {
  const none = { level: undefined, time: undefined, msg: undefined };
  expect(readable({ ...none, user: 'me' }).trim()).toBe('user=me');
});
