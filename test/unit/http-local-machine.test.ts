/** Users' subscriptions and the machine the daemon runs on. */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { KeptEvent } from 'webhookd/plugin';
import { createHarness, type TestDelivery } from 'webhookd/testing';
import { Agents } from '../../plugins/http/dist/agents.js';
import { exchange } from '../../plugins/http/dist/exchange.js';
import {
  guardedLookup,
  localAddressTest,
  LocalMachineError,
} from '../../plugins/http/dist/local-machine.js';
import HttpService from '../../plugins/http/dist/plugin.js';
import { planOf, requestFor } from '../../plugins/http/dist/request.js';

const owner = '7f523550-03cf-4dac-a858-cb8afdb34775';
const event: KeptEvent = {
  name: 'tested',
  data: {},
  dataJson: '{}',
  originUuid: null,
  headers: {},
  receivedAt: 0,
};

const information = (cidr: string, internal = false) => ({
  address: cidr.split('/')[0] ?? '',
  netmask: '',
  mac: '',
  internal,
  cidr,
  ...(cidr.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

const interfaces = () => ({
  lo: [information('127.0.0.1/8', true), information('198.51.100.1/24', true)],
  eth0: [information('203.0.113.7/24'), information('2001:db8::7/64'), information('fe80::7/64')],
});

describe('an address', () => {
  const isLocal = localAddressTest(interfaces());

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0.0.0.0',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
  ])('of every machine’s own is local: %s', (address) => {
    expect(isLocal(address)).toBe(true);
  });

  test.each([
    '203.0.113.7',
    '::ffff:203.0.113.7',
    '64:ff9b::cb00:7107',
    '2001:db8::7',
    '2001:0db8:0:0::0007',
    'fe80::7',
    'fe80::7%eth0',
    '198.51.100.200',
  ])('of an interface is local: %s', (address) => {
    expect(isLocal(address)).toBe(true);
  });

  test.each(['203.0.113.8', '192.0.2.1', '2001:db8::8', '10.0.0.1', '::ffff:192.0.2.1', '1.1.1.1'])(
    'of another machine is not: %s',
    (address) => {
      expect(isLocal(address)).toBe(false);
    },
  );

  test('that is none counts as local', () => {
    expect(isLocal('somewhere')).toBe(true);
  });

  test('of this very machine is local', () => {
    const own = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
    const isOwn = localAddressTest();
    for (const { address } of own) expect(isOwn(address)).toBe(true);
  });
});

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

describe('a lookup', () => {
  const look = (addresses: string[], options: LookupOptions = { all: true }) =>
    new Promise<unknown>((resolve, reject) =>
      guardedLookup({ lookup: resolver(...addresses), interfaces })(
        'name.example',
        options,
        (error, found, family) =>
          error === null ? resolve(family === undefined ? found : [found, family]) : reject(error),
      ),
    );

  test('leaves out the addresses of this machine', async () => {
    expect(await look(['127.0.0.1', '192.0.2.1', '203.0.113.7', '2001:db8::8', '::1'])).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '2001:db8::8', family: 6 },
    ]);
    expect(await look(['::1', '2001:db8::8'], {})).toEqual(['2001:db8::8', 6]);
  });

  test.each([[['127.0.0.1']], [['203.0.113.7', '::ffff:127.0.0.1']]])(
    'that finds nothing else fails: %j',
    async (addresses) => {
      for (const options of [{ all: true }, {}])
        await expect(look(addresses, options)).rejects.toThrow(LocalMachineError);
    },
  );

  test('that fails fails as it did', async () => {
    const failing = guardedLookup({
      lookup: (_name, _options, callback) => callback(new Error('no such name'), []),
      interfaces,
    });
    const error = await new Promise((resolve) => failing('x', {}, resolve));
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
          /^a user's subscription may not reach this machine: /,
        ) as string,
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

describe('a subscription that no user owns', () => {
  test('reaches this machine', async () => {
    const seen = await listen();
    const outcome = await deliver({ config: { url: `http://127.0.0.1:${seen.port}/` } });
    expect(outcome).toMatchObject({ status: 'success', detail: { response_status_code: 204 } });
    expect(seen.connections).toBe(1);
  });
});

describe('a name', () => {
  async function request(url: string, addresses: string[], isGuarded = true) {
    const asked: string[] = [];
    const answer = resolver(...addresses);
    const agents = new Agents({
      connectTimeout: 300,
      network: {
        lookup: (name, options, callback) => {
          asked.push(name);
          answer(name, options, callback);
        },
        interfaces,
      },
    });
    onTestFinished(() => agents.close());
    const limits = { timeout: 2_000, maxResponseSize: 100, open: new Set<() => void>() };
    const made = requestFor(planOf({ config: { url } }), event);
    const result = await exchange(agents.get('true', isGuarded), made, 'id', limits).catch(
      (error: unknown) => error,
    );
    return { result, asked };
  }

  test.each([[['127.0.0.1']], [['::1', '127.0.0.1']], [['203.0.113.7']]])(
    'that resolves to this machine is refused when the socket asks for it: %j',
    async (addresses) => {
      const seen = await listen();
      for (const scheme of ['http', 'https']) {
        const { result, asked } = await request(
          `${scheme}://evil.example:${seen.port}/`,
          addresses,
        );
        expect(result).toBeInstanceOf(LocalMachineError);
        expect(asked).toEqual(['evil.example']);
      }
      expect(seen.connections).toBe(0);
    },
  );

  test('that resolves to another machine gets as far as trying to connect', async () => {
    const { result, asked } = await request('http://good.example/', ['192.0.2.1']);
    expect(result).toBeInstanceOf(Error);
    expect(result).not.toBeInstanceOf(LocalMachineError);
    expect(String(result)).toMatch(/192\.0\.2\.1|timeout/i);
    expect(asked).toEqual(['good.example']);
  });

  test('that resolves to both does not reach this machine', async () => {
    const seen = await listen();
    const { result } = await request(`http://mixed.example:${seen.port}/`, [
      '127.0.0.1',
      '192.0.2.1',
    ]);
    expect(result).not.toBeInstanceOf(LocalMachineError);
    expect(seen.connections).toBe(0);
  });
});
