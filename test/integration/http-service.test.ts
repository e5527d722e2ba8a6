import { createServer as createTcpServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene({
  config: {
    http: { timeout: 1.5, connect_timeout: 1, max_response_size: 1000 },
    hook_http_retry_countdown_factor: 1.5,
    hook_max_attempts: 4,
  },
});

let events = 0;

/** Subscribes to a fresh event name and publishes one event. */
async function deliver(
  config: Record<string, unknown>,
  data: unknown = { id: 1 },
): Promise<string> {
  const { daemon, publisher } = scene();
  const name = `http_event_${events++}`;
  const uuid = await daemon.subscribe([name], '', { config });
  await publisher.publish({ name, data });
  return uuid;
}

const firstAttempt = async (uuid: string) => (await scene().attempts(uuid, 1))[0];

describe('a request', () => {
  test('is by default a POST of the event’s data as JSON', async () => {
    const inbox = await scene().inbox();
    await deliver({ url: `${inbox.url}a/path?with=query` }, { text: 'ü', list: [1, null] });
    const [request] = await inbox.received(1);
    expect(request).toMatchObject({
      method: 'POST',
      path: '/a/path?with=query',
      body: '{"text":"ü","list":[1,null]}',
    });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': expect.stringMatching(/^webhookd/) as string,
    });
    expect(request?.headers['content-length']).toBe(String(Buffer.byteLength(request?.body ?? '')));
  });

  test('has integers that JavaScript cannot keep as they came', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    await daemon.subscribe(['exact_integers'], inbox.url);
    const data = '{"id":12345678901234567890,"list":[-9007199254740993]}';
    publisher.raw(Buffer.from(`{"name":"exact_integers","data":${data}}`), {
      headers: { name: 'exact_integers' },
    });
    const [request] = await inbox.received(1);
    expect(request?.body).toBe(data);
  });

  test.each(['get', 'POST', 'Put', 'delete'])(
    'has the method of the options: %s',
    async (method) => {
      const inbox = await scene().inbox();
      await deliver({ url: inbox.url, method });
      const [request] = await inbox.received(1);
      expect(request).toMatchObject({ method: method.toUpperCase(), body: '{"id":1}' });
    },
  );

  test('may be HEAD', async () => {
    const inbox = await scene().inbox();
    const uuid = await deliver({ url: inbox.url, method: 'head' });
    expect((await inbox.received(1))[0]?.method).toBe('HEAD');
    expect(await firstAttempt(uuid)).toMatchObject({ status: 'success' });
  });

  test('has the body and content type of the options', async () => {
    const inbox = await scene().inbox();
    await deliver({ url: inbox.url, body: '<x>ü</x>', content_type: 'application/xml' });
    expect((await inbox.received(1))[0]).toMatchObject({
      body: '<x>ü</x>',
      headers: { 'content-type': 'application/xml; charset=utf-8' },
    });
    await deliver({ url: inbox.url, body: 'plain', content_type: null });
    expect((await inbox.received(2))[1]).toMatchObject({
      body: 'plain',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    await deliver({ url: inbox.url, body: '' });
    expect((await inbox.received(3))[2]?.body).toBe('');
  });

  test('carries user and password of the url, which the log does not show', async () => {
    const inbox = await scene().inbox();
    const uuid = await deliver({ url: inbox.url.replace('http://', 'http://me:s3cret%2F@') });
    const [request] = await inbox.received(1);
    expect(request?.headers.authorization).toBe(
      `Basic ${Buffer.from('me:s3cret/').toString('base64')}`,
    );
    const attempt = await firstAttempt(uuid);
    expect(JSON.stringify(attempt)).not.toMatch(/s3cret/);
    expect(JSON.stringify(attempt)).not.toContain(Buffer.from('me:s3cret/').toString('base64'));
    expect(scene().daemon.output).not.toContain('s3cret');
  });

  test('follows no redirect', async () => {
    const target = await scene().inbox();
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(302, { location: target.url }).end(),
    );
    const uuid = await deliver({ url: inbox.url });
    expect(await firstAttempt(uuid)).toMatchObject({
      status: 'failure',
      detail: { response_status_code: 302 },
    });
    expect(target.requests).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([200, 201, 204, 299])('%i is success', async (status) => {
    const inbox = await scene().inbox((_request, response) => response.writeHead(status).end());
    expect(await firstAttempt(await deliver({ url: inbox.url }))).toMatchObject({
      status: 'success',
      detail: { response_status_code: status },
    });
  });

  test('410 is final', async () => {
    const inbox = await scene().inbox((_request, response) => response.writeHead(410).end());
    const uuid = await deliver({ url: inbox.url });
    expect(await firstAttempt(uuid)).toMatchObject({
      status: 'error',
      attempts: 1,
      detail: { error: `410 Client Error: Gone for url: ${inbox.url}` },
    });
  });

  test.each([301, 400, 404, 500, 503])('%i is tried again', async (status) => {
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(inbox.requests.length > 1 ? 200 : status).end(),
    );
    const attempts = await scene().attempts(await deliver({ url: inbox.url }), 2);
    expect(attempts.map(({ status: outcome }) => outcome)).toEqual(['failure', 'success']);
  });

  test('that fails again and again is waited for longer and longer, as often as allowed', async () => {
    const inbox = await scene().inbox((_request, response) => response.writeHead(500).end());
    const attempts = await scene().attempts(await deliver({ url: inbox.url }), 4);
    const pauses = attempts
      .slice(1)
      .map(
        ({ started_at }, index) =>
          (Date.parse(started_at) - Date.parse(attempts[index]?.ended_at ?? '')) / 1000,
      );
    for (const [index, pause] of pauses.entries())
      expect(pause).toBeGreaterThan(1.5 ** index * 0.79);
    expect(inbox.requests).toHaveLength(4);
  });

  test('larger than what is kept is cut in the log', async () => {
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(200).end('ä'.repeat(5_000)),
    );
    const detail = (await firstAttempt(await deliver({ url: inbox.url })))?.detail;
    expect(String(detail?.['response_body']).length).toBeLessThanOrEqual(1000);
    expect(detail).toMatchObject({ response_status_code: 200, response_body_truncated: true });
  });

  test('whose body never ends is cut, and its status counts', async () => {
    let cut = 0;
    const inbox = await scene().inbox((_request, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', pour);
      };
      response.on('close', () => (cut += 1));
      pour();
    });
    expect(await firstAttempt(await deliver({ url: inbox.url }))).toMatchObject({
      status: 'success',
      detail: { response_status_code: 200, response_body_truncated: true },
    });
    expect(cut).toBe(1);
  });

  test('that does not come in time is a failure', async () => {
    const inbox = await scene().inbox(() => undefined);
    const attempt = await firstAttempt(await deliver({ url: inbox.url }));
    expect(attempt).toMatchObject({
      status: 'failure',
      detail: {
        error: expect.stringContaining('timeout: no complete answer within 1.5 s') as string,
      },
    });
    expect(
      Date.parse(attempt?.ended_at ?? '') - Date.parse(attempt?.started_at ?? ''),
    ).toBeGreaterThanOrEqual(1_490);
  });

  test('that drips is a failure after the same time', async () => {
    const inbox = await scene().inbox((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect(await firstAttempt(await deliver({ url: inbox.url }))).toMatchObject({
      status: 'failure',
      detail: { error: expect.stringContaining('timeout') as string },
    });
  });
});

describe('an endpoint that is no good', () => {
  test('refuses the connection: a failure', async () => {
    const [port = 0] = await freePorts(1);
    expect(await firstAttempt(await deliver({ url: `http://127.0.0.1:${port}/` }))).toMatchObject({
      status: 'failure',
      detail: {
        error: `connect ECONNREFUSED 127.0.0.1:${port} for url: http://127.0.0.1:${port}/`,
      },
    });
  });

  test('has a name nobody knows: a failure', async () => {
    expect(
      await firstAttempt(await deliver({ url: 'http://no-such-host.invalid/' })),
    ).toMatchObject({
      status: 'failure',
      detail: { error: expect.stringContaining('no-such-host.invalid') as string },
    });
  });

  test.each([
    ['hangs up', ''],
    ['speaks no HTTP', 'hello, who is there?\r\n\r\n'],
    ['breaks off in the middle', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ])('%s: a failure', async (_what, reply) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(reply));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    expect(await firstAttempt(await deliver({ url: `http://127.0.0.1:${port}/` }))).toMatchObject({
      status: 'failure',
      detail: { error: expect.any(String) as string },
    });
  });

  test('has a url that is none: an error that is final', async () => {
    const attempt = await firstAttempt(await deliver({ url: '{{ "http://a b:99999999/" }}' }));
    expect(attempt).toMatchObject({
      status: 'error',
      detail: { error: expect.stringMatching(/^config\.url is not a valid URL: /) as string },
    });
  });
});

test('the example service sleeps as long as it is told', async () => {
  const { daemon, publisher } = scene();
  const uuid = await daemon.subscribe(['sleepy'], '', {
    service: 'example',
    config: { sleep_time: 0.3 },
  });
  await publisher.publish({ name: 'sleepy', data: {} });
  const attempt = await firstAttempt(uuid);
  expect(attempt).toMatchObject({ status: 'success', detail: { slept: 0.3 } });
  expect(
    Date.parse(attempt?.ended_at ?? '') - Date.parse(attempt?.started_at ?? ''),
  ).toBeGreaterThanOrEqual(295);
});
