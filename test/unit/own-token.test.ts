import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { AuthUnreachable } from '../../dist/auth/principal.js';
import { OwnToken } from '../../dist/auth/wazo/own-token.js';
import { readableLog } from '../support/logs.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The daemon's own token, of a wazo-auth that answers as it is told. */
function setUp({ life = 21_600 } = {}) {
  const asked: { at: number; expiration: number }[] = [];
  const told: string[] = [];
  const wazoAuth = { isAway: false };
  const { log, lines } = readableLog();
  const began = Date.now();
  const ownToken = new OwnToken({
    auth: { username: 'webhookd', password: 'secret', keyFile: null },
    client: {
      createToken: (_credentials, expiration) => {
        asked.push({ at: (Date.now() - began) / 1000, expiration });
        if (wazoAuth.isAway) return Promise.reject(new AuthUnreachable('nobody there'));
        return Promise.resolve({
          token: `token ${asked.length}`,
          tenantUuid: 'the master tenant',
          userUuid: null,
          serverUuid: null,
          expiresAt: Date.now() + life * 1000,
        });
      },
    },
    onToken: ({ token }) => void told.push(token),
    log,
  });
  onTestFinished(() => ownToken.stop());
  return { ownToken, asked, told, wazoAuth, lines };
}

test('it is asked for six hours, and renewed at 80 % of its life', async () => {
  const { ownToken, asked, told } = setUp();
  ownToken.start();
  await vi.advanceTimersByTimeAsync(17_279_000);
  expect(asked).toEqual([{ at: 0, expiration: 21_600 }]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(2);
  expect(told).toEqual(['token 1', 'token 2']);
  expect(ownToken.current).toBe('token 2');
});

test('a shorter life than was asked for counts', async () => {
  const { ownToken, asked } = setUp({ life: 100 });
  ownToken.start();
  await vi.advanceTimersByTimeAsync(80_000);
  expect(asked.map(({ at }) => at)).toEqual([0, 80]);
});

test('after failures it is asked for again after 1, 2, 4 ... 32 s, and the reason told once', async () => {
  const { ownToken, asked, wazoAuth, lines } = setUp();
  wazoAuth.isAway = true;
  ownToken.start();
  await vi.advanceTimersByTimeAsync(127_000);
  expect(asked.map(({ at }) => at)).toEqual([0, 1, 3, 7, 15, 31, 63, 95, 127]);
  expect(ownToken.failure).toBe('nobody there');
  wazoAuth.isAway = false;
  await vi.advanceTimersByTimeAsync(32_000);
  expect(ownToken.failure).toBeUndefined();
  wazoAuth.isAway = true;
  await vi.advanceTimersByTimeAsync(17_280_000 + 1_000);
  // The pauses begin anew after a success.
  expect(asked.slice(-2).map(({ at }) => at)).toEqual([159 + 17_280, 159 + 17_281]);
  expect(lines.filter(({ level }) => level >= 40)).toHaveLength(2);
});
