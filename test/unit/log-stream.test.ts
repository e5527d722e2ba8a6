/** Which lines of the daemon's log the API shows. */
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { logStreamRoutes } from '../../dist/api/log-stream.js';
import { createApi } from '../../dist/api/server.js';
import { MasterTenant } from '../../dist/auth/master-tenant.js';
import { LocalPrincipal } from '../../dist/auth/tokens.js';
import { loadText } from '../support/config.ts';
import { silentLog } from '../support/logs.ts';

const masterTenant = new MasterTenant('the master tenant');

/** The times of the lines that are shown. */
async function shown(query: string, ...times: string[]): Promise<string[]> {
  const server = await createApi({
    restApi: loadText().config.restApi,
    authenticator: {
      authenticate: () =>
        Promise.resolve(
          new LocalPrincipal({ tenantUuid: null, userUuid: null }, undefined, masterTenant),
        ),
    },
    isOpen: false,
    addRoutes: (scope) =>
      logStreamRoutes(scope, {
        history: {
          lines: () => times.map((time) => JSON.stringify({ level: 30, time: Date.parse(time) })),
          follow: () => () => undefined,
        },
        masterTenant,
      }),
    log: silentLog,
  });
  onTestFinished(() => server.close());
  const answer = await server.inject(`/1.0/logs?${query}`);
  expect(answer.statusCode).toBe(200);
  return answer
    .json<{ items: { time: number }[] }>()
    .items.map(({ time }) => new Date(time).toISOString());
}

const zone = process.env['TZ'];
beforeEach(() => void (process.env['TZ'] = 'Asia/Tokyo'));
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test.each([
  '2026-01-31T12:00:00',
  '2026-01-31 12:00:00',
  '2026-01-31T12:00:00Z',
  '2026-01-31T21:00:00%2B09:00',
])('since %s is UTC unless it says otherwise, wherever the daemon runs', async (since) => {
  const [before, then] = ['2026-01-31T11:59:59.999Z', '2026-01-31T12:00:00.000Z'];
  expect(await shown(`since=${since}`, before, then)).toEqual([then]);
});
