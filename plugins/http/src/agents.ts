/** Keeps connections open between requests: one agent for each way of checking certificates. */
import { readFileSync, statSync } from 'node:fs';
// The package's index loads fetch, WebSockets and caches as well: 9 MiB that nothing here uses.
import Agent from 'undici/lib/dispatcher/agent.js';

export class Agents {
  readonly #agents = new Map<string, Agent>();

  /** @param connectTimeout ms */
  constructor(private readonly connectTimeout: number) {}

  /**
   * @param verify `true`, `false`, or the path of a PEM file with the authorities to trust
   * @throws when that file cannot be read
   */
  get(verify: string): Agent {
    // A file that was replaced is read again.
    const key = verify.startsWith('/') ? `${verify}@${statSync(verify).mtimeMs}` : verify;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      const trust = verify.startsWith('/')
        ? { ca: readFileSync(verify) }
        : { rejectUnauthorized: verify !== 'false' };
      agent = new Agent({ connect: { timeout: this.connectTimeout, ...trust } });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }
}
