/** Requests by way of an HTTP proxy. */
import { createRequire } from 'node:module';
import type { buildConnector, Dispatcher, ProxyAgent } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';

const load = createRequire(import.meta.url);

/** What undici's client takes for a reason to connect again at once, without a word to who waits for it. */
const retriedCodes = ['UND_ERR_SOCKET', 'UND_ERR_INFO'];

/** Has the proxy make tunnels. */
class TunnelPool extends Pool {
  override async connect(options: Parameters<Pool['connect']>[0]): Promise<Dispatcher.ConnectData> {
    try {
      return await super.connect(options);
    } catch (error) {
      const { message, code = '' } = error as NodeJS.ErrnoException;
      const told = new Error(`the proxy: ${message === '' ? code : message}`, { cause: error });
      throw retriedCodes.includes(code) ? told : Object.assign(told, { code });
    }
  }
}

/** @param tls for the endpoint; its `timeout` (ms) is that of the proxy as well */
export function makeProxyAgent(
  proxy: string,
  { timeout, ...tls }: buildConnector.BuildOptions & { timeout: number },
): Dispatcher {
  // Few have a proxy; it needs the whole package.
  const { ProxyAgent: Proxy } = load('undici') as { ProxyAgent: typeof ProxyAgent };
  return new Proxy({
    proxyTunnel: false,
    uri: proxy,
    requestTls: { ...tls, timeout },
    proxyTls: { timeout },
    clientFactory: (origin, options) =>
      new TunnelPool(origin, { ...options, headersTimeout: Math.ceil(timeout) }),
  });
}
