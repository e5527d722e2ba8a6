/** What `GET /1.0/status` shows: the daemon's own parts, and what plugins add. */
import type { Logger } from 'pino';
import type { Json } from '../model.ts';
import type { StatusProvider } from '../plugin-api/contract.ts';

export class StatusAggregator {
  readonly #providers = new Set<StatusProvider>();

  constructor(private readonly log: Logger) {}

  /** A function that takes it away again. */
  addProvider(provider: StatusProvider): () => void {
    // A function of our own: the same provider may be added twice.
    const own: StatusProvider = (status) => provider(status);
    this.#providers.add(own);
    return () => void this.#providers.delete(own);
  }

  /** A provider that throws is logged; the others still speak. */
  async collect(): Promise<Record<string, Json>> {
    const status: Record<string, Json> = {};
    for (const provider of this.#providers) {
      try {
        await provider(status);
      } catch (error) {
        this.log.error({ err: error }, 'a status provider failed');
      }
    }
    return status;
  }
}
