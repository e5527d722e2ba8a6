/** Where the HTTP servers listen. */
import dns from 'node:dns';
import { isIP } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listen } from '../../dist/daemon/servers.js';

/** What the system says where `localhost` has an address of each kind: IPv6 first, and all when they are asked for. */
function answer(host: string, ...more: unknown[]): void {
  const callback = more.at(-1) as (error: null, ...found: unknown[]) => void;
  const [address, family] = host === 'localhost' ? ['::1', 6] : [host, isIP(host)];
  if (more.length === 1) callback(null, address, family);
  else
    callback(null, [
      { address, family },
      { address: '127.0.0.1', family: 4 },
    ]);
}

const addressesOf = (server: FastifyInstance) =>
  server.addresses().map((found) => (typeof found === 'string' ? found : found.address));

function openServer() {
  const server = fastify();
  onTestFinished(() => server.close());
  return server;
}

test('a name is listened on at one address, for which the limits hold, though it has two', async () => {
  const looked = vi.spyOn(dns, 'lookup').mockImplementation(answer);
  onTestFinished(() => looked.mockRestore());
  const server = openServer();
  await listen(server, 'localhost', 0);
  expect(addressesOf(server)).toEqual(['127.0.0.1']);
});

test.each([
  ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
  ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
  ['::1', /^http:\/\/\[::1\]:\d+$/],
])('%s is listened on as it is', async (host, url) => {
  const server = openServer();
  expect(await listen(server, host, 0)).toMatch(url);
  expect(addressesOf(server)).toEqual([host]);
});

test('a name that nobody knows is said to be unknown', async () => {
  await expect(listen(openServer(), 'nowhere.invalid', 0)).rejects.toThrow(/nowhere\.invalid/);
});
