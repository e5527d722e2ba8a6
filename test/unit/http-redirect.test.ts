/** What goes along when an endpoint sends a request on to another address, and what the log shows. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHarness } from 'webhookd/testing';
import HttpService from '../../plugins/http/dist/plugin.js';

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server that says where to go on, or 204. */
async function listen(host: string, location: (url: string) => [number, string] | undefined) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      const [status, to] = location(url) ?? [204, undefined];
      response.writeHead(status, to === undefined ? {} : { location: to }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { seen, url: `http://${host}:${port}` };
}

async function deliver(url: string, config: object = {}) {
  const harness = await createHarness(HttpService, {
    config: { http: { follow_redirects: true } },
  });
  onTestFinished(() => harness.dispose());
  return harness.deliver({ event: { name: 'x', data: { a: 1 } }, config: { url, ...config } });
}

const own = {
  headers: { 'X-Gitlab-Token': 'glpat-1', 'X-Plain': 'plain' },
  auth: { type: 'bearer', token: 'the-token' },
};

describe('a redirect', () => {
  test('to the same origin takes everything along', async () => {
    const { seen, url } = await listen('127.0.0.1', (at) =>
      at === '/' ? [308, '/next'] : undefined,
    );
    expect((await deliver(`${url}/`, own)).status).toBe('success');
    expect(seen.map(({ method, url: at }) => `${method} ${at}`)).toEqual(['POST /', 'POST /next']);
    expect(seen[1]?.headers).toMatchObject({
      authorization: 'Bearer the-token',
      'x-gitlab-token': 'glpat-1',
    });
    expect(seen[1]?.body).toBe('{"a":1}');
  });

  test('to another one takes the body along, and no header of the subscription’s own', async () => {
    const other = await listen('127.0.0.1', () => undefined);
    const { url } = await listen('127.0.0.1', () => [307, `${other.url}/there`]);
    expect((await deliver(`${url}/`, own)).status).toBe('success');
    const [request] = other.seen;
    expect(request).toMatchObject({ method: 'POST', url: '/there', body: '{"a":1}' });
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(
      [
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
        'webhook-id',
        'webhook-timestamp',
      ].sort(),
    );
  });

  test.each([301, 302, 303])('%i goes on with a GET and no body', async (status) => {
    const { seen, url } = await listen('127.0.0.1', (at) =>
      at === '/' ? [status, '/next'] : undefined,
    );
    expect((await deliver(`${url}/`)).status).toBe('success');
    expect(seen[1]).toMatchObject({ method: 'GET', url: '/next', body: '' });
  });

  test.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'http://', 'javascript:1'])(
    'to what is no address of http is final: %s',
    async (to) => {
      const { seen, url } = await listen('127.0.0.1', () => [302, to]);
      expect((await deliver(`${url}/`)).status).toBe('error');
      expect(seen).toHaveLength(1);
    },
  );
});

test('the log shows no credentials, by whatever name', async () => {
  const { url } = await listen('127.0.0.1', () => undefined);
  const { detail } = await deliver(`${url}/`, own);
  expect(JSON.stringify(detail)).not.toMatch(/glpat-1|the-token/);
  expect(detail['request_headers']).toMatchObject({
    'x-plain': 'plain',
    'x-gitlab-token': '********',
    authorization: '********',
  });
  const wrong = await deliver('http://me:secret@{{ event.a }} x/');
  expect(wrong.status).toBe('error');
  expect(JSON.stringify(wrong.detail)).not.toContain('secret');
});
