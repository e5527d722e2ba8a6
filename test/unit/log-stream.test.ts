/** Which lines of the daemon's log the API shows. */
import type { ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type LogSource, logStreamRoutes } from '../../dist/api/log-stream.js';
import { masterTenant, openLocalApi } from '../support/local-api.ts';
import { until } from '../support/wait.ts';

interface Moments {
  onAnswer?: (response: ServerResponse) => void;
  /** The streams were told to end. */
  onClosing?: () => void;
}

/** The API over these lines. */
function serve(history: LogSource, { onAnswer, onClosing }: Moments = {}) {
  return openLocalApi((scope) => {
    scope.addHook('onRequest', (_request, reply, done) => {
      onAnswer?.(reply.raw);
      done();
    });
    logStreamRoutes(scope, { history, masterTenant });
    scope.addHook('preClose', (done) => {
      onClosing?.();
      done();
    });
  });
}

/** The times of the lines that are shown. */
async function shown(query: string, ...times: string[]): Promise<string[]> {
  const server = await serve({
    lines: () => times.map((time) => JSON.stringify({ level: 30, time: Date.parse(time) })),
    follow: () => () => undefined,
  });
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

test('a daemon that stops lets go of who follows the log without reading, and no error of that ends it', async () => {
  const line = JSON.stringify({ level: 30, time: 1, msg: 'x'.repeat(1024) });
  const followers = new Set<(line: string) => void>();
  let response: ServerResponse | undefined;
  let seen: object | undefined;
  const server = await serve(
    {
      // More than the buffers between the two hold.
      lines: () => Array.from({ length: 20_000 }, () => line),
      follow: (follower) => {
        followers.add(follower);
        return () => followers.delete(follower);
      },
    },
    {
      onAnswer: (answer) => (response = answer),
      onClosing: () => {
        const { writableEnded: isEnded, closed: isClosed } = response ?? {};
        const late = [1, 2].map((time) => response?.emit('error', new Error(`write ${time}`)));
        seen = { isEnded, isClosed, late, following: followers.size };
      },
    },
  );
  await server.listen({ host: '127.0.0.1', port: 0 });
  const reader = connect((server.server.address() as AddressInfo).port, '127.0.0.1').pause();
  onTestFinished(() => void reader.destroy());
  reader.write('GET /1.0/logs?follow=true&limit=20000 HTTP/1.1\r\nhost: daemon\r\n\r\n');
  await until('the log is followed', () => followers.size === 1);
  await server.close();
  expect(seen).toEqual({ isEnded: true, isClosed: false, late: [true, true], following: 0 });
});
