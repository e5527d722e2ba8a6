/** Keeps connections open between requests: one agent for each way of connecting. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Dispatcher, ProxyAgent } from 'undici';
// The package's index loads fetch, WebSockets and caches as well: 9 MiB that nothing here uses.
import Agent from 'undici/lib/dispatcher/agent.js';
import type { Egress } from './egress.ts';

const load = createRequire(import.meta.url);

/** How an endpoint is connected to. */
export interface Connection {
  /** `true`, `false`, or the path of a PEM file with the authorities to trust. */
  verify: string;
  /** PEM, or the path of a file with it; undefined: none. */
  certificate: string | undefined;
  key: string | undefined;
  /** ms */
  timeout: number;
  egress: Egress;
  /** Address of an HTTP proxy; undefined: none. */
  proxy: string | undefined;
}

export class Agents {
  readonly #agents = new Map<Egress, Map<string, Dispatcher>>();

  /** @throws when a file cannot be read */
  get(connection: Connection): Dispatcher {
    const { verify, certificate = '', key = '', timeout, egress, proxy = '' } = connection;
    const name = [stamped(verify), stamped(certificate), stamped(key), timeout, proxy].join('\n');
    let agents = this.#agents.get(egress);
    if (agents === undefined) this.#agents.set(egress, (agents = new Map<string, Dispatcher>()));
    let agent = agents.get(name);
    if (agent === undefined) agents.set(name, (agent = makeAgent(connection)));
    return agent;
  }

  async close(): Promise<void> {
    const all = [...this.#agents.values()].flatMap((agents) => [...agents.values()]);
    await Promise.all(all.map((agent) => agent.destroy()));
  }
}

/** A file that was replaced is another one. */
const stamped = (text: string) =>
  text.startsWith('/') ? `${text}@${statSync(text).mtimeMs}` : text;

const read = (text: string) => (text.startsWith('/') ? readFileSync(text) : text);

function makeAgent({ verify, certificate, key, timeout, egress, proxy }: Connection): Dispatcher {
  const trust = verify.startsWith('/')
    ? { ca: readFileSync(verify) }
    : { rejectUnauthorized: verify !== 'false' };
  const own = {
    ...(certificate === undefined ? {} : { cert: read(certificate) }),
    ...(key === undefined ? {} : { key: read(key) }),
  };
  const tls = { ...trust, ...own };
  if (proxy !== undefined) {
    // Few have one; it needs the whole package.
    const { ProxyAgent: Proxy } = load('undici') as { ProxyAgent: typeof ProxyAgent };
    return new Proxy({
      proxyTunnel: false,
      uri: proxy,
      requestTls: { ...tls, timeout },
      proxyTls: { timeout },
    });
  }
  return new Agent({ connect: egress.connector({ timeout, ...tls }) });
}
