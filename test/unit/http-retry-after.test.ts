/** What of `Retry-After` makes sense, and what is made of it. */
import { describe, expect, test } from 'vitest';
import { retryAfter } from '../../plugins/http/dist/retry-after.js';

const now = Date.parse('2026-01-31T12:00:00Z');

const ask = (value: string | string[], status = 429) =>
  retryAfter({ status, headers: { 'retry-after': value } }, now);

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['90', 90],
    [' 7 ', 7],
    ['86400', 3600],
    ['99999999999999999999999', 3600],
    ['Sat, 31 Jan 2026 12:01:30 GMT', 90],
    ['Saturday, 31-Jan-26 12:01:30 GMT', 90],
    ['Sat Jan 31 12:01:30 2026', 90],
    ['Sun, 01 Feb 2026 12:00:00 GMT', 3600],
    ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
  ])('%j is so many seconds: %i', (value, seconds) => {
    expect(ask(value)).toBe(seconds);
  });

  test.each(['', 'soon', '-5', '1.5', '1e3', '2026-01-31T12:01:30Z', 'Sat', 'foo 1'])(
    '%j makes no sense, and counts as not said',
    (value) => {
      expect(ask(value)).toBeUndefined();
    },
  );

  test('counts with 429 and 503 alone, and said once', () => {
    expect(ask('90', 503)).toBe(90);
    for (const status of [200, 301, 500, 502, 504]) expect(ask('90', status)).toBeUndefined();
    expect(ask(['90', '91'])).toBeUndefined();
  });

  test('of an asctime date is GMT, wherever the daemon runs', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/Montreal';
    try {
      expect(ask('Sat Jan 31 12:01:30 2026')).toBe(90);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
