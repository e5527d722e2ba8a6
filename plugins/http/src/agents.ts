/**
 * Keeps connections open between requests: one agent for each way of checking certificates, and
 * another one each for those that must not reach this machine.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Dispatcher } from 'undici';
// The package's index loads fetch, WebSockets and caches as well: 9 MiB that nothing here uses.
import Agent from 'undici/lib/dispatcher/agent.js';
import { guardedConnector, type NetworkFacts } from './local-machine.ts';

export interface AgentsOptions {
  /** ms */
  connectTimeout: number;
  network?: NetworkFacts;
}

export class Agents {
  readonly #open = new Map<string, Agent>();
  readonly #guarded = new Map<string, Agent>();

  constructor(private readonly options: AgentsOptions) {}

  /**
   * @param verify `true`, `false`, or the path of a PEM file with the authorities to trust
   * @param isGuarded whether connections to this machine are refused, with a `LocalMachineError`
   * @throws when that file cannot be read
   */
  get(verify: string, isGuarded: boolean): Dispatcher {
    // A file that was replaced is read again.
    const key = verify.startsWith('/') ? `${verify}@${statSync(verify).mtimeMs}` : verify;
    const agents = isGuarded ? this.#guarded : this.#open;
    let agent = agents.get(key);
    if (agent === undefined) agents.set(key, (agent = this.#make(verify, isGuarded)));
    return agent;
  }

  async close(): Promise<void> {
    const all = [...this.#open.values(), ...this.#guarded.values()];
    await Promise.all(all.map((agent) => agent.destroy()));
  }

  #make(verify: string, isGuarded: boolean): Agent {
    const { connectTimeout: timeout, network = {} } = this.options;
    const trust = verify.startsWith('/')
      ? { ca: readFileSync(verify) }
      : { rejectUnauthorized: verify !== 'false' };
    const connect = { timeout, ...trust };
    return new Agent({ connect: isGuarded ? guardedConnector(connect, network) : connect });
  }
}
