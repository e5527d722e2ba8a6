import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useScene } from '../support/scene.ts';

const scene = useScene({ config: { hook_max_attempts: 1 } });

/** Delivers one event to a subscription with these options; the subscription's uuid. */
async function deliver(
  config: Record<string, unknown>,
  data: unknown = { id: 1 },
  more: Record<string, unknown> = {},
): Promise<string> {
  const name = `event_${randomUUID()}`;
  const uuid = await scene().daemon.subscribe([name], '', { config, ...more });
  await scene().publisher.publish({ name, data });
  return uuid;
}

const firstAttempt = async (uuid: string) => (await scene().attempts(uuid, 1))[0];

const create = (config: Record<string, unknown>) =>
  scene().daemon.call<{ config: object; details: object }>('POST', '/subscriptions', {
    name: 'x',
    service: 'http',
    events: ['e'],
    config,
  });

describe('every method carries a body', () => {
  test.each(['head', 'GET', 'Post', 'pUT', 'delete'])('%s', async (method) => {
    const inbox = await scene().inbox();
    const name = `event_${randomUUID()}`;
    await scene().daemon.subscribe([name], inbox.url, { config: { url: inbox.url, method } });
    for (const id of [1, 2]) {
      await scene().publisher.publish({ name, data: { id } });
      await inbox.received(id);
    }
    expect(inbox.requests.map(({ method: sent, body }) => [sent, body])).toEqual([
      [method.toUpperCase(), '{"id":1}'],
      [method.toUpperCase(), '{"id":2}'],
    ]);
  });
});

describe('the Content-Type', () => {
  test.each([
    [undefined, 'text/plain; charset=utf-8'],
    ['text/yaml', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset=', 'text/yaml; charset=utf-8'],
    ['text/yaml; charset=iso-8859-1', 'text/yaml; charset=iso-8859-1'],
    ['application/json; version=1', 'application/json; version=1; charset=utf-8'],
  ])('%s of a body of its own is sent as %s', async (configured, sent) => {
    const inbox = await scene().inbox();
    const type = configured === undefined ? {} : { content_type: configured };
    await deliver({ url: inbox.url, body: 'a: b', ...type });
    expect((await inbox.received(1))[0]?.headers['content-type']).toBe(sent);
  });

  test('of the event’s data is JSON, whatever is configured', async () => {
    const inbox = await scene().inbox();
    await deliver({ url: inbox.url, content_type: 'text/xml' });
    expect((await inbox.received(1))[0]?.headers['content-type']).toBe(
      'application/json; charset=utf-8',
    );
  });

  test('names the charset of the bytes', async () => {
    const inbox = await scene().inbox();
    const configs = ['iso-8859-15', 'cp1252', 'utf-8'].map((charset) => ({
      url: inbox.url,
      body: '5 €',
      content_type: `text/plain; charset=${charset}`,
    }));
    for (const config of configs) await firstAttempt(await deliver(config));
    expect(inbox.requests.map(({ headers }) => headers['content-length'])).toEqual(['3', '3', '5']);
  });

  test('with a charset nobody knows: an error that is final, and nothing is sent', async () => {
    const inbox = await scene().inbox();
    const content_type = 'text/plain; charset=klingon-1';
    const attempt = await firstAttempt(await deliver({ url: inbox.url, body: 'x', content_type }));
    expect(attempt).toMatchObject({
      status: 'error',
      detail: { error: expect.stringContaining('klingon-1') as string },
    });
    expect(inbox.requests).toEqual([]);
  });
});

describe('options are kept as', () => {
  test('a method in lower case, and without what is null', async () => {
    const { status, body } = await create({
      url: 'http://a.example/',
      method: 'PUT',
      body: null,
      content_type: null,
      verify_certificate: null,
      own: null,
    });
    expect(status).toBe(201);
    expect(body.config).toEqual({ url: 'http://a.example/', method: 'put' });
  });

  test.each([
    ['http://', 'url'],
    ['http://a b/', 'url'],
    [' http://a.example/', 'url'],
    ['http://a.example/\n', 'url'],
    ['{{ event.url', 'url'],
    ['http://a.example/{{ x|nofilter }}', 'url'],
  ])('not with the url %j', async (url, field) => {
    const { status, body } = await create({ url });
    expect({ status, fields: Object.keys(body.details) }).toEqual({
      status: 400,
      fields: [`config.${field}`],
    });
  });

  test('not with a template that has a mistake: it is told with its line', async () => {
    const { body } = await create({ url: 'http://a.example/', body: 'a\n{% if x %}\n{{ 1 + }}' });
    expect(body.details).toMatchObject({
      'config.body': { message: expect.stringMatching(/template: line 3: /) as string },
    });
  });
});

describe('templates', () => {
  test('in url and body see the event, its name and its server', async () => {
    const inbox = await scene().inbox();
    await deliver(
      {
        url: `${inbox.url}{{ event.path|urlencode }}?from={{ wazo_uuid }}`,
        body: '{"to": {{ event.name|tojson }}, "n": {{ event.list|sum }}, "is": "{{ event_name[:6] }}"}',
        content_type: 'application/json',
      },
      { path: 'a b', name: 'Zoë', list: [1, 2, 3] },
    );
    const [request] = await inbox.received(1);
    expect(request).toMatchObject({
      path: '/a%20b?from=a-server',
      body: '{"to": "Zo\\u00eb", "n": 6, "is": "event_"}',
    });
  });

  test('that do not fit the data: an error that is final and quotes the expression; nothing is sent', async () => {
    const inbox = await scene().inbox();
    const uuid = await deliver({ url: inbox.url, body: 'a\n{{ event.user.name }}' });
    expect(await firstAttempt(uuid)).toMatchObject({
      status: 'error',
      attempts: 1,
      detail: {
        error: "config.body, line 2, {{ event.user.name }}: 'dict object' has no attribute 'user'",
      },
    });
    expect(inbox.requests).toEqual([]);
  });

  test('cannot send a request anywhere but to http', async () => {
    const attempt = await firstAttempt(
      await deliver({ url: '{{ event.url }}' }, { url: 'file:///etc/passwd' }),
    );
    expect(attempt).toMatchObject({
      status: 'error',
      detail: { error: expect.stringContaining('not a valid URL') as string },
    });
  });
});

describe('a request of a user’s subscription to this machine is never sent', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['a name', 'localhost'],
    ['a name with a dot', 'localhost.'],
    ['one number', '2130706433'],
    ['hexadecimal', '0x7f.1'],
    ['IPv6', '[::1]'],
    ['mapped', '[::ffff:127.0.0.1]'],
    ['no address', '0.0.0.0'],
  ])('as %s', async (_what, host) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const owner = { owner_user_uuid: randomUUID() };
    const uuid = await deliver({ url: `http://${host}:${port}/` }, {}, owner);
    expect(await firstAttempt(uuid)).toMatchObject({
      status: 'error',
      detail: { error: expect.stringContaining('egress-denied') as string },
    });
    expect(connections).toBe(0);
  });
});

test('the log has JSON bodies as values, and the reason of a failure with code, phrase and url', async () => {
  const inbox = await scene().inbox((_request, response) =>
    response.writeHead(410, { 'content-type': 'application/json' }).end('{"gone": true}'),
  );
  const attempt = await firstAttempt(await deliver({ url: inbox.url }, { a: [1] }));
  expect(attempt).toMatchObject({
    status: 'error',
    detail: {
      request_body: { a: [1] },
      response_status_code: 410,
      response_body: { gone: true },
      error: expect.stringMatching(/^410 Client Error: Gone for url: http:/) as string,
    },
  });
});
