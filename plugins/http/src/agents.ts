/** Keeps connections open between requests: one agent for each way of connecting. */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
// The package's index loads fetch, WebSockets and caches as well: 9 MiB that nothing here uses.
import Agent from 'undici/lib/dispatcher/agent.js';
import type { Egress } from './egress.ts';
import type { Sender } from './exchange.ts';
import { ViaProxy } from './proxy.ts';

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

/** Most agents of one egress: every change of a certificate makes another one. */
const mostAgents = 500;

/** Certificates and keys are small. What is a device, or has no end, must not be read. */
const largestFile = 1_048_576;

export class Agents {
  readonly #agents = new Map<Egress, Map<string, Sender>>();

  /** @throws when a file cannot be read, or has no certificate or key that can be used */
  get(connection: Connection): Sender {
    const { verify, certificate = '', key = '', timeout, egress, proxy = '' } = connection;
    const name = `${stamped(verify)}\n${stamped(certificate)}\n${stamped(key)}\n${timeout}\n${proxy}`;
    let agents = this.#agents.get(egress);
    if (agents === undefined) this.#agents.set(egress, (agents = new Map<string, Sender>()));
    let agent = agents.get(name);
    if (agent === undefined) {
      agents.set(name, (agent = makeAgent(connection)));
      const [oldest] = agents;
      if (oldest !== undefined && agents.size > mostAgents) retire(agents, oldest);
    }
    return agent;
  }

  async close(): Promise<void> {
    const all = [...this.#agents.values()].flatMap((agents) => [...agents.values()]);
    await Promise.all(all.map((agent) => agent.destroy()));
  }
}

/** What it is doing ends first; if it is wanted again there will be a new one. */
function retire(agents: Map<string, Sender>, [name, agent]: [string, Sender]): void {
  agents.delete(name);
  agent.close().catch(() => undefined);
}

/** A file that was replaced is another one. */
function stamped(text: string): string {
  if (!text.startsWith('/')) return text;
  const facts = statSync(text);
  if (!facts.isFile() || facts.size > largestFile)
    throw new Error(`${text} is not a file of at most ${largestFile} bytes`);
  return `${text}@${facts.mtimeMs}`;
}

const read = (text: string) => (text.startsWith('/') ? readFileSync(text) : text);

function makeAgent({ verify, certificate, key, timeout, egress, proxy }: Connection): Sender {
  const trust = verify.startsWith('/')
    ? { ca: readFileSync(verify) }
    : { rejectUnauthorized: verify !== 'false' };
  const own = {
    ...(certificate === undefined ? {} : { cert: read(certificate) }),
    ...(key === undefined ? {} : { key: read(key) }),
  };
  // What is none is found out here: for a tunnel through a proxy it would be too late, and leave it open.
  if (Object.keys(own).length > 0) createSecureContext(own);
  const options = { timeout, ...trust, ...own };
  return proxy === undefined
    ? new Agent({ connect: egress.connector(options) })
    : new ViaProxy(proxy, options);
}
