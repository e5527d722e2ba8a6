/** Which addresses the requests of whom may reach. */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { createServer as createWebServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { KeptEvent } from 'webhookd/plugin';
import { createHarness, type TestDelivery } from 'webhookd/testing';
import { Agents } from '../../plugins/http/dist/agents.js';
import { exchange } from '../../plugins/http/dist/exchange.js';
import { Egress, EgressDenied } from '../../plugins/http/dist/egress.js';
import HttpService from '../../plugins/http/dist/plugin.js';
import { planOf, requestFor } from '../../plugins/http/dist/request.js';
import { interfaces } from '../support/interfaces.ts';
import { sampleContext, sampleSubscription } from '../support/samples.ts';

const owner = '7f523550-03cf-4dac-a858-cb8afdb34775';
const event: KeptEvent = {
  name: 'tested',
  data: {},
  dataJson: '{}',
  originUuid: null,
  headers: {},
  receivedAt: 0,
};

/** A resolver that knows one answer. */
const resolver =
  (...addresses: string[]) =>
  (
    _name: string,
    _options: LookupOptions,
    callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
  ) =>
    process.nextTick(
      callback,
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const none = { allow: [], deny: [] };

describe('a lookup', () => {
  const look = (addresses: string[], options: LookupOptions = { all: true }) =>
    new Promise<unknown>((resolve, reject) =>
      new Egress('public', none, { lookup: resolver(...addresses), interfaces }).lookup(
        'name.example',
        options,
        (error, found, family) =>
          error === null ? resolve(family === undefined ? found : [found, family]) : reject(error),
      ),
    );

  test('leaves out the addresses that are not public', async () => {
    expect(await look(['127.0.0.1', '1.1.1.1', '8.8.4.4', '2606:4700::8', '::1'])).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::8', family: 6 },
    ]);
    expect(await look(['::1', '2606:4700::8'], {})).toEqual(['2606:4700::8', 6]);
  });

  test.each([[['127.0.0.1']], [['8.8.4.4', '::ffff:127.0.0.1']]])(
    'that finds nothing else fails: %j',
    async (addresses) => {
      for (const options of [{ all: true }, {}])
        await expect(look(addresses, options)).rejects.toThrow(EgressDenied);
    },
  );

  test('that fails fails as it did', async () => {
    const failing = new Egress('public', none, {
      lookup: (_name, _options, callback) => callback(new Error('no such name'), []),
      interfaces,
    });
    const error = await new Promise((resolve) => failing.lookup('x', {}, resolve));
    expect(error).toMatchObject({ message: 'no such name' });
  });
});

/** A server of this machine that counts who comes. */
async function listen() {
  const seen = { connections: 0, port: 0 };
  const server = createServer((socket) => {
    seen.connections++;
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  onTestFinished(() => void server.close());
  seen.port = (server.address() as { port: number }).port;
  return seen;
}

async function deliver(delivery: Omit<TestDelivery, 'event'>) {
  const harness = await createHarness(HttpService, { config: { http: { connect_timeout: 1 } } });
  onTestFinished(() => harness.dispose());
  return harness.deliver({ event: { name: 'tested' }, ...delivery });
}

describe('a user’s subscription', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '127.0.0.1.',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    'user:secret@127.0.0.1',
    '１２７.0.0.1',
  ])('never reaches this machine: http://%s/', async (host) => {
    const seen = await listen();
    const outcome = await deliver({
      config: { url: `http://${host}:${seen.port}/` },
      subscription: { ownerUserUuid: owner },
    });
    expect(outcome).toMatchObject({
      status: 'error',
      detail: {
        request_method: 'POST',
        error: expect.stringMatching(
          /^egress-denied: .* is not to be reached by this subscription/,
        ) as string,
        reason: 'egress-denied',
      },
    });
    expect(seen.connections).toBe(0);
  });

  test('never reaches it over TLS, whatever way certificates are checked', async () => {
    const seen = await listen();
    for (const verify_certificate of ['true', 'false']) {
      const outcome = await deliver({
        config: { url: `https://127.0.0.1:${seen.port}/`, verify_certificate },
        subscription: { ownerUserUuid: owner },
      });
      expect(outcome.status).toBe('error');
    }
    expect(seen.connections).toBe(0);
  });

  test('never reaches it after another subscription did', async () => {
    const seen = await listen();
    const harness = await createHarness(HttpService);
    onTestFinished(() => harness.dispose());
    const config = { url: `http://127.0.0.1:${seen.port}/` };
    const outcomes = [];
    for (const ownerUserUuid of [null, owner, null]) {
      outcomes.push(
        await harness.deliver({
          event: { name: 'tested' },
          config,
          subscription: { ownerUserUuid },
        }),
      );
    }
    expect(outcomes.map(({ status }) => status)).toEqual(['success', 'error', 'success']);
    expect(seen.connections).toBe(2);
  });

  test('is refused an address of an interface', async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((infos) => infos ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4');
    const seen = await listen();
    const url = `http://${own?.address ?? '127.0.0.1'}:${seen.port}/`;
    expect(
      (await deliver({ config: { url }, subscription: { ownerUserUuid: owner } })).status,
    ).toBe('error');
    expect(seen.connections).toBe(0);
  });
});

test('a redirect of a user’s subscription is guarded like its address', async () => {
  const seen = { guarded: 0, elsewhere: 0 };
  const server = createWebServer((request, response) => {
    const isFirst = request.headers.host?.startsWith('127.0.0.1') === true;
    seen[isFirst ? 'guarded' : 'elsewhere']++;
    const { port } = server.address() as { port: number };
    const location = request.url === '/name' ? `http://localhost:${port}/` : 'http://[::1]/';
    response.writeHead(307, { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const harness = await createHarness(HttpService, {
    config: { http: { follow_redirects: true, egress: { allow: ['127.0.0.1'] } } },
  });
  onTestFinished(() => harness.dispose());
  for (const path of ['name', 'address']) {
    const outcome = await harness.deliver({
      event: { name: 'tested' },
      config: { url: `http://127.0.0.1:${port}/${path}` },
      subscription: { ownerUserUuid: owner },
    });
    expect(outcome).toMatchObject({ status: 'error', detail: { reason: 'egress-denied' } });
  }
  expect(seen).toEqual({ guarded: 2, elsewhere: 0 });
});

describe('through a proxy', () => {
  /** A proxy that says whom it was asked for, and answers in their place. */
  async function proxied(url: string, more: Record<string, unknown> = {}) {
    const asked: string[] = [];
    const proxy = createWebServer((request, response) => {
      asked.push(request.url ?? '', request.headers['proxy-authorization'] ?? '');
      request.resume();
      response.writeHead(204).end();
    });
    proxy.on('connect', ({ url: target = '' }, socket) => {
      asked.push(target);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const { port } = proxy.address() as { port: number };
    const egress = { proxy: `http://me:secret@127.0.0.1:${port}`, ...more };
    const harness = await createHarness(HttpService, { config: { http: { egress } } });
    onTestFinished(() => harness.dispose());
    const deliver = (ownerUserUuid: string | null) =>
      harness.deliver({ event: { name: 'x' }, config: { url }, subscription: { ownerUserUuid } });
    return { asked, deliver };
  }

  /** Attempts by way of a proxy. */
  async function via(proxy: Server, http: Record<string, number> = {}, delivery = {}) {
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const { port } = proxy.address() as { port: number };
    const egress = { proxy: `http://127.0.0.1:${port}` };
    const harness = await createHarness(HttpService, { config: { http: { egress, ...http } } });
    onTestFinished(() => harness.dispose());
    return (url: string) =>
      harness.service
        .callback(sampleSubscription({ config: { url }, delivery }), event, sampleContext)
        .catch((error: unknown) => error);
  }

  test('requests reach what only the proxy can', async () => {
    const { asked, deliver } = await proxied('http://only-there.example/path');
    expect(await deliver(null)).toMatchObject({ status: 'success' });
    expect(asked).toEqual([
      'http://only-there.example/path',
      `Basic ${Buffer.from('me:secret').toString('base64')}`,
    ]);
  });

  test('requests to many hosts share its connections', async () => {
    const hosts = new Set<string>();
    const connections = new Set<Socket>();
    const attempt = await via(
      createWebServer(({ headers, socket }, response) => {
        hosts.add(headers.host ?? '');
        connections.add(socket);
        response.writeHead(204).end();
      }),
    );
    for (let host = 1; host <= 50; host++) await attempt(`http://${host}.example/`);
    expect(hosts.size).toBe(50);
    expect(connections.size).toBeLessThan(10);
  });

  test('that wants another password no endpoint can be reached', async () => {
    const attempt = await via(
      createWebServer((_request, response) => {
        response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
      }),
    );
    expect(await attempt('http://only-there.example/')).toMatchObject({
      detail: { response_status_code: 407 },
      endpoint: 'down',
    });
  });

  test('those over TLS are passed on as they are', async () => {
    const { asked, deliver } = await proxied('https://only-there.example/path');
    expect(await deliver(null)).toMatchObject({ status: 'failure' });
    expect(asked).toEqual(['only-there.example:443']);
  });

  test('that hangs up when it is asked for a tunnel they fail at once, and ask no more', async () => {
    let count = 0;
    const attempt = await via(
      createServer((socket) => {
        count++;
        socket.once('data', () => socket.end());
      }),
      { timeout: 2 },
    );
    for (const connections of [1, 2]) {
      expect(await attempt('https://only-there.example/')).toMatchObject({
        detail: { error: expect.stringMatching(/^the proxy: other side closed for url/) as string },
        endpoint: 'down',
      });
      expect(count).toBe(connections);
    }
  });

  test.each([
    ['the configuration', { connect_timeout: 0.1 }, {}, 'down'],
    ['the subscription', {}, { connectTimeout: 0.1 }, 'unknown'],
  ])(
    'that does not answer they fail when it takes longer than %s says',
    async (_whose, http, delivery, endpoint) => {
      const silent = createServer((socket) => {
        socket.on('error', () => undefined);
        onTestFinished(() => void socket.destroy());
      });
      const attempt = await via(silent, http, delivery);
      expect(await attempt('https://only-there.example/')).toMatchObject({
        detail: { error: expect.stringMatching(/^the proxy: headers timeout/i) as string },
        endpoint,
      });
    },
  );

  test('those of users do not reach what is not public', async () => {
    for (const host of ['127.0.0.1', 'localhost', '10.0.0.1', '[::1]']) {
      const { asked, deliver } = await proxied(`http://${host}/`);
      expect(await deliver(owner)).toMatchObject({
        status: 'error',
        detail: { reason: 'egress-denied' },
      });
      expect(asked).toEqual([]);
    }
  });

  test('do not go where no proxy is to be used', async () => {
    const seen = await listen();
    const { asked, deliver } = await proxied(`http://127.0.0.1:${seen.port}/`, {
      no_proxy: ['127.0.0.0/8'],
    });
    expect(await deliver(null)).toMatchObject({ status: 'success' });
    expect([asked, seen.connections]).toEqual([[], 1]);
  });
});

describe('a subscription that no user owns', () => {
  test('reaches this machine', async () => {
    const seen = await listen();
    const outcome = await deliver({ config: { url: `http://127.0.0.1:${seen.port}/` } });
    expect(outcome).toMatchObject({ status: 'success', detail: { response_status_code: 204 } });
    expect(seen.connections).toBe(1);
  });
});

describe('a name', () => {
  async function request(url: string, addresses: string[], allow: string[] = []) {
    const asked: string[] = [];
    const answer = resolver(...addresses);
    const agents = new Agents();
    const egress = new Egress(
      'public',
      { allow, deny: [] },
      {
        lookup: (name, options, callback) => {
          asked.push(name);
          answer(name, options, callback);
        },
        interfaces,
      },
    );
    onTestFinished(() => agents.close());
    const limits = { timeout: 2_000, told: 2, maxResponseSize: 100, open: [] };
    const request = requestFor(planOf({ config: { url } }), event);
    const { headers, shownHeaders } = request.target;
    const agent = agents.get({
      verify: 'true',
      certificate: undefined,
      key: undefined,
      timeout: 300,
      egress,
      proxy: undefined,
    });
    const result = await exchange(agent, { request, headers, shownHeaders }, limits).catch(
      (error: unknown) => error,
    );
    return { result, asked };
  }

  test.each([[['127.0.0.1']], [['::1', '127.0.0.1']], [['8.8.4.4']]])(
    'that resolves to this machine is refused when the socket asks for it: %j',
    async (addresses) => {
      const seen = await listen();
      for (const scheme of ['http', 'https']) {
        const { result, asked } = await request(
          `${scheme}://evil.example:${seen.port}/`,
          addresses,
        );
        expect(result).toBeInstanceOf(EgressDenied);
        expect(asked).toEqual(['evil.example']);
      }
      expect(seen.connections).toBe(0);
    },
  );

  test('that resolves to another machine gets as far as trying to connect', async () => {
    const { result, asked } = await request('http://good.example/', ['192.0.2.1'], ['192.0.2.1']);
    expect(result).toBeInstanceOf(Error);
    expect(result).not.toBeInstanceOf(EgressDenied);
    expect(String(result)).toMatch(/192\.0\.2\.1|timeout/i);
    expect(asked).toEqual(['good.example']);
  });

  test('that resolves to both does not reach this machine', async () => {
    const seen = await listen();
    const { result } = await request(
      `http://mixed.example:${seen.port}/`,
      ['127.0.0.1', '192.0.2.1'],
      ['192.0.2.1'],
    );
    expect(result).not.toBeInstanceOf(EgressDenied);
    expect(seen.connections).toBe(0);
  });
});

describe('the configuration', () => {
  const egress = (reach: 'public' | 'any', allow: string[], deny: string[], ...answers: string[]) =>
    new Egress(reach, { allow, deny }, { lookup: resolver(...answers), interfaces });
  const isDenied = (found: Egress, host: string) =>
    found.check(host).then(
      () => false,
      (error: unknown) => error instanceof EgressDenied,
    );

  test.each<[string, boolean, Egress, string]>([
    ['public', true, egress('public', [], []), '10.0.0.1'],
    ['an allowed address', false, egress('public', ['10.0.0.1'], []), '10.0.0.1'],
    ['an address in an allowed range', false, egress('public', ['10.0.0.0/8'], []), '10.1.2.3'],
    ['the same in IPv6', false, egress('public', ['10.0.0.0/8'], []), '::ffff:10.1.2.3'],
    [
      'an address beside an allowed range',
      true,
      egress('public', ['10.0.0.0/9'], []),
      '10.200.0.1',
    ],
    ['an allowed name', false, egress('public', ['pbx.local'], [], '10.0.0.1'), 'PBX.local.'],
    ['a name of an allowed domain', false, egress('public', ['.lan'], [], '10.0.0.1'), 'a.b.lan'],
    ['a name that only ends like it', true, egress('public', ['.lan'], [], '10.0.0.1'), 'plan'],
    [
      'a name with an allowed address',
      false,
      egress('public', ['10.0.0.1'], [], '10.0.0.1'),
      'x.y',
    ],
    [
      'localhost, allowed by name',
      false,
      egress('public', ['localhost'], [], '127.0.0.1'),
      'localhost',
    ],
    ['any', false, egress('any', [], []), '127.0.0.1'],
    ['a denied address', true, egress('any', [], ['169.254.169.254']), '169.254.169.254'],
    ['a denied address in IPv6', true, egress('any', [], ['169.254.169.254']), '::ffff:a9fe:a9fe'],
    ['a denied name', true, egress('any', [], ['evil.example']), 'evil.example'],
    ['a denied domain', true, egress('any', [], ['.example']), 'www.evil.example.'],
    ['what is allowed and denied', true, egress('public', ['8.8.8.8'], ['8.8.8.0/24']), '8.8.8.8'],
  ])('%s', async (_what, expected, found, host) => {
    expect(await isDenied(found, host)).toBe(expected);
  });

  test('that makes no sense is refused', () => {
    for (const entry of ['10.0.0.0/99', 'a b', 'http://x/', '*.example.com'])
      expect(() => egress('any', [entry], [])).toThrow(/http\.egress: .* is no address/);
  });
});
