/** What arrives at a web server, byte for byte, and what the log says of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({ config: { http: { max_response_size: 1000 } } });

let events = 0;

interface Arrival {
  method: string;
  contentType: string;
  body: Buffer;
  socket: number;
}

/** A web server that keeps the bytes of every request. */
async function listen() {
  const arrived: Arrival[] = [];
  const sockets: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!sockets.includes(request.socket)) sockets.push(request.socket);
      arrived.push({
        method: request.method ?? '',
        contentType: request.headers['content-type'] ?? '',
        body: Buffer.concat(chunks),
        socket: sockets.indexOf(request.socket),
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const received = (count: number) =>
    until(`${count} requests arrive`, () => arrived.length >= count && arrived);
  return { url, received };
}

/** Subscribes to a fresh event name; how to publish it. */
async function subscribe(config: Record<string, unknown>) {
  const { daemon, publisher } = scene();
  const name = `http_body_${events++}`;
  const uuid = await daemon.subscribe([name], '', { config });
  return { uuid, publish: (data: unknown) => publisher.publish({ name, data }) };
}

describe('a body', () => {
  test.each(['head', 'get', 'post', 'put', 'delete'])(
    'goes with every request of a subscription: %s',
    async (method) => {
      for (const body of [undefined, 'hello']) {
        const server = await listen();
        const { publish } = await subscribe({ url: server.url, method, ...(body && { body }) });
        for (const id of [1, 2, 3]) {
          await publish({ id });
          const arrival = (await server.received(id))[id - 1];
          expect(arrival?.method).toBe(method.toUpperCase());
          expect(arrival?.body.toString()).toBe(body ?? `{"id":${id}}`);
        }
      }
    },
  );

  test('goes over a connection that was kept open', async () => {
    const server = await listen();
    const { publish } = await subscribe({ url: server.url, method: 'put' });
    for (const id of [1, 2]) {
      await publish({ id });
      await server.received(id);
    }
    expect((await server.received(2)).map(({ socket }) => socket)).toEqual([0, 0]);
  });

  test('is encoded in the charset its content type names, and shown as text', async () => {
    const server = await listen();
    const { uuid, publish } = await subscribe({
      url: server.url,
      body: 'für 5 €',
      content_type: 'text/xml; charset=iso8859_15',
    });
    await publish({});
    const [arrival] = await server.received(1);
    expect(arrival?.contentType).toBe('text/xml; charset=iso8859_15');
    expect(arrival?.body.toString('latin1')).toBe('für 5 \xa4');
    expect((await scene().attempts(uuid, 1))[0]?.detail).toMatchObject({
      request_body: 'für 5 €',
      request_headers: { 'content-type': 'text/xml; charset=iso8859_15' },
    });
  });

  test('whose content type has a malformed charset is sent as utf-8', async () => {
    const server = await listen();
    const { publish } = await subscribe({
      url: server.url,
      body: 'ü',
      content_type: 'text/yaml; charset',
    });
    await publish({});
    expect(await server.received(1)).toMatchObject([
      { contentType: 'text/yaml; charset=utf-8', body: Buffer.from('ü') },
    ]);
  });

  test('in a charset nobody knows is not sent: an error that is final', async () => {
    const server = await listen();
    const { uuid, publish } = await subscribe({
      url: server.url,
      body: 'x',
      content_type: 'text/plain; charset=klingon',
    });
    await publish({});
    expect((await scene().attempts(uuid, 1))[0]).toMatchObject({
      status: 'error',
      detail: { error: 'the charset klingon is not known' },
    });
    const other = await subscribe({ url: server.url });
    await other.publish({ id: 'first' });
    expect((await server.received(1))[0]?.body.toString()).toBe('{"id":"first"}');
  });
});

describe('the log', () => {
  /** What the log says of one delivery. */
  async function detailOf(config: Record<string, unknown>, answer: string, status = 200) {
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(status).end(answer),
    );
    const { uuid, publish } = await subscribe({ url: inbox.url, ...config });
    await publish({ list: [1, { ü: null }] });
    return { detail: (await scene().attempts(uuid, 1))[0]?.detail, url: inbox.url };
  }

  test('shows bodies that are JSON as what they are', async () => {
    const { detail, url } = await detailOf({}, '{"ok":true}');
    expect(Object.keys(detail ?? {})).toEqual([
      'request_method',
      'request_url',
      'request_headers',
      'request_body',
      'response_status_code',
      'response_headers',
      'response_body',
    ]);
    expect(detail).toMatchObject({
      request_method: 'POST',
      request_url: url,
      request_body: { list: [1, { ü: null }] },
      response_status_code: 200,
      response_body: { ok: true },
    });
    const own = await detailOf({ body: '[1]', content_type: 'application/json' }, ' [2]\n');
    expect(own.detail).toMatchObject({ request_body: [1], response_body: [2] });
  });

  test('shows other bodies as text', async () => {
    const { detail } = await detailOf({ body: '{ no JSON' }, '');
    expect(detail).toMatchObject({ request_body: '{ no JSON', response_body: '' });
    expect((await detailOf({}, '<p>ok</p>')).detail).toMatchObject({ response_body: '<p>ok</p>' });
  });

  test('shows a body that was cut, or is nested too deeply, as text', async () => {
    const cut = await detailOf({}, `"${'x'.repeat(2000)}"`);
    expect(cut.detail).toMatchObject({
      response_body: `"${'x'.repeat(999)}`,
      response_body_truncated: true,
    });
    const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`;
    expect((await detailOf({ body: deep }, '')).detail).toMatchObject({ request_body: deep });
  });

  test('names code, reason and url of a failure', async () => {
    const { detail, url } = await detailOf({}, '{"reason":"moved away"}', 410);
    expect(detail).toMatchObject({
      response_status_code: 410,
      response_body: { reason: 'moved away' },
      error: `410 Client Error: Gone for url: ${url}`,
    });
  });
});

test('a user’s subscription does not reach this machine: an error that is final', async () => {
  const inbox = await scene().inbox();
  const { daemon, publisher } = scene();
  for (const url of [inbox.url, inbox.url.replace('127.0.0.1', 'localhost')]) {
    const name = `http_body_${events++}`;
    const uuid = await daemon.subscribe([name], url, {
      owner_user_uuid: '7f523550-03cf-4dac-a858-cb8afdb34775',
    });
    await publisher.publish({ name, data: {} });
    expect((await scene().attempts(uuid, 1))[0]).toMatchObject({
      status: 'error',
      attempts: 1,
      detail: {
        request_url: url,
        error: expect.stringMatching(/^egress-denied: /) as string,
      },
    });
  }
  expect(inbox.requests).toEqual([]);
});
