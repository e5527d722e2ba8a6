/** Requests by way of an HTTP proxy. */
import { createRequire } from 'node:module';
import type { buildConnector, Dispatcher, ProxyAgent } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Sender, SentRequest } from './exchange.ts';
import { credentialsIn } from './request.ts';

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

/**
 * A plain request names its whole address to the proxy (RFC 9112, 3.2.2), over connections that all hosts share:
 * undici would keep a pool for every host that was ever sent one. What goes over TLS gets a tunnel.
 */
export class ViaProxy implements Sender {
  readonly #proxy: URL;
  readonly #headers: Record<string, string>;
  readonly #plain: Agent;
  readonly #tunnels: Dispatcher;

  /** @param tls for the endpoint; its `timeout` (ms) is that of the proxy as well */
  constructor(
    proxy: string,
    { timeout, ...tls }: buildConnector.BuildOptions & { timeout: number },
  ) {
    this.#proxy = new URL(proxy);
    const credentials = credentialsIn(this.#proxy);
    this.#headers = credentials === undefined ? {} : { 'proxy-authorization': credentials };
    this.#plain = new Agent({ connect: { timeout } });
    // Few have a proxy; it needs the whole package.
    const { ProxyAgent: Proxy } = load('undici') as { ProxyAgent: typeof ProxyAgent };
    this.#tunnels = new Proxy({
      uri: this.#proxy.origin,
      headers: this.#headers,
      requestTls: { ...tls, timeout },
      proxyTls: { timeout },
      clientFactory: (origin, options) =>
        new TunnelPool(origin, { ...options, headersTimeout: Math.ceil(timeout) }),
    });
  }

  dispatch(request: SentRequest, handler: Dispatcher.DispatchHandler): boolean {
    const { origin, path, headers } = request;
    if (this.#proxy.protocol === 'https:' || origin.startsWith('https:'))
      return this.#tunnels.dispatch(request, handler);
    return this.#plain.dispatch(
      {
        ...request,
        origin: this.#proxy.origin,
        path: `${origin}${path}`,
        headers: { host: new URL(origin).host, ...headers, ...this.#headers },
      },
      handler,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#plain.close(), this.#tunnels.close()]);
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#plain.destroy(), this.#tunnels.destroy()]);
  }
}
