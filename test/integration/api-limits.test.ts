import { describe, expect, test } from 'vitest';
import { RawRequest, readAnswer } from '../support/raw-request.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const limits = {
  max_body_size: 4096,
  max_header_size: 2048,
  header_timeout: 0.6,
  request_timeout: 1.2,
  keep_alive_timeout: 0.5,
  max_auth_failures: 5,
  auth_failure_window: 3600,
};

const scene = useScene({ config: { rest_api: limits } });

const openTo = (url: string) => RawRequest.open(Number(new URL(url).port));
const open = () => openTo(scene().daemon.url);

/** Tells an error of ours from one of a library. */
function expectError(text: string, status: number, errorId: string): void {
  const answer = readAnswer(text);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ error_id: errorId, details: {} });
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringContaining('application/json') as string,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
}

const head = (more: string) =>
  `POST /1.0/subscriptions HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${scene().daemon.token}\r\nContent-Type: application/json\r\n${more}`;

describe('a request that is too large', () => {
  test('in its body is 413', async () => {
    const request = (await open()).send(
      `${head('Content-Length: 5000\r\nConnection: close\r\n\r\n')}${' '.repeat(5000)}`,
    );
    expectError(await request.answered('}'), 413, 'body-too-large');
  });

  test('in its body, whose length is not said, is 413', async () => {
    const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
    const request = (await open()).send(
      `${head('Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n')}${chunk}${chunk}`,
    );
    expectError(await request.answered('}'), 413, 'body-too-large');
  });

  test('in its headers is 431, without an end of them too', async () => {
    const request = (await open()).send(head(`X-Long: ${'x'.repeat(3000)}`));
    expectError(await request.closed(), 431, 'headers-too-large');
  });

  test('in its address is 431', async () => {
    const request = (await open()).send(
      `GET /1.0/status?x=${'x'.repeat(3000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expectError(await request.closed(), 431, 'headers-too-large');
  });

  test('or is none at all is 400', async () => {
    expectError(await (await open()).send('whatever\r\n\r\n').closed(), 400, 'bad-request');
  });
});

describe('a client that is slow', () => {
  test('with its headers gets 408, however it drips', async () => {
    const request = (await open()).send('GET /1.0/status HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => request.send('X-More: 1\r\n'), 100);
    try {
      expectError(await request.closed(), 408, 'request-timeout');
    } finally {
      clearInterval(drip);
    }
  });

  test('with its body gets 408, however it drips', async () => {
    const request = (await open()).send(head('Content-Length: 4000\r\n\r\n{'));
    const drip = setInterval(() => request.send(' '), 100);
    try {
      expectError(await request.closed(), 408, 'request-timeout');
    } finally {
      clearInterval(drip);
    }
    expect(scene().daemon.output).not.toContain('this is a bug');
  });

  test('who says nothing after an answer is disconnected', async () => {
    const request = (await open()).send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(readAnswer(await request.closed())).toMatchObject({ status: 200 });
  });

  test('to whom the log is told stays for longer than all of these', async () => {
    const { daemon } = scene();
    const request = (await open()).send(
      `GET /1.0/logs?follow=true&limit=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${daemon.token}\r\n\r\n`,
    );
    expect(readAnswer(await request.answered('data: '))).toMatchObject({
      status: 200,
      headers: { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
    });
    // What takes the longest of the timeouts and is cut off at its end says that this time has passed.
    const other = (await open()).send(head('Content-Length: 4000\r\n\r\n'));
    await other.closed();
    expect(request.isClosed).toBe(false);
    const before = request.received.length;
    daemon.signal('SIGHUP');
    await until('a line comes', () => request.received.slice(before).includes('configuration'));
  });
});

describe('one address without a valid token', () => {
  const ask = (from: string, token?: string) =>
    fetch(`${scene().daemon.url}/1.0/status`, {
      headers: {
        // Tests come from the loopback, as a proxy of the same machine does.
        'x-forwarded-for': from,
        ...(token === undefined ? {} : { 'x-auth-token': token }),
      },
    });
  const statuses = async (from: string, count: number) => {
    const found: number[] = [];
    for (let number = 0; number < count; number++)
      found.push((await ask(from, number % 2 === 0 ? undefined : `whd_${number}`)).status);
    return found;
  };

  test('gets 429 after some tries, and is told when to come again; a valid token passes', async () => {
    expect(await statuses('203.0.113.1', 7)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const answer = await ask('203.0.113.1', 'wrong');
    expect(answer.status).toBe(429);
    const after = Number(answer.headers.get('retry-after'));
    expect(after).toBeGreaterThan(3000);
    expect(after).toBeLessThanOrEqual(3600);
    expect(await answer.json()).toMatchObject({ error_id: 'too-many-requests' });
    expect((await ask('203.0.113.1', scene().daemon.token)).status).toBe(200);
    expect((await ask('203.0.113.1', 'wrong')).status).toBe(429);
    expect((await ask('203.0.113.2', 'wrong')).status).toBe(401);
  });

  test('is told of in the log once', async () => {
    await statuses('203.0.113.3', 20);
    const { daemon } = scene();
    const lines = () => daemon.log.filter(({ address }) => address === '203.0.113.3');
    await until('it is logged', () => lines().length > 0);
    expect(lines()).toMatchObject([{ level: 40, failures: 6 }]);
  });

  test('is not counted for what a valid token may not do', async () => {
    const { daemon } = scene();
    const made = await daemon.call<{ token: string }>('POST', '/tokens', { name: 'n', acl: [] });
    for (let number = 0; number < 8; number++)
      expect((await ask('203.0.113.4', made.body.token)).status).toBe(401);
  });
});

describe('where there are fewer than usual', () => {
  const other = useScene({
    config: { rest_api: { max_requests_per_minute: 3, max_connections: 20 } },
  });

  test('requests of one address, the next is 429, with a valid token too', async () => {
    const { daemon } = other();
    const ask = () => fetch(`${daemon.url}/health/live`);
    const answers = [await ask(), await ask(), await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await daemon.call('GET', '/status')).status).toBe(429);
  });

  test('connections, a further one is closed, and those that are there work', async () => {
    const { url } = other().daemon;
    const ask = (request: RawRequest, from: string) =>
      request.send(`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${from}\r\n\r\n`);
    const opened = await Promise.all(Array.from({ length: 40 }, () => openTo(url)));
    await until('half of them are closed', () => opened.filter((one) => one.isClosed).length >= 20);
    const [one] = opened.filter(({ isClosed }) => !isClosed);
    if (one === undefined) throw new Error('all connections were closed');
    await ask(one, '203.0.113.1').answered('200 OK');
    for (const request of opened) request.end();
    await until('there is room again', async () => {
      const again = await openTo(url);
      ask(again, '203.0.113.2');
      await until('it ends one way or the other', () => again.isClosed || again.received !== '');
      return again.received.includes('200 OK');
    });
  });
});
