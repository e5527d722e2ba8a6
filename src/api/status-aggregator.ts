/** What `GET /1.0/status` shows: the daemon's own parts, and what plugins add. */
import type { Logger } from 'pino';
import type { Json } from '../model.ts';
import type { StatusProvider } from '../plugin-api/index.ts';

export class StatusAggregator {
  readonly #providers: StatusProvider[] = [];

  constructor(private readonly log: Logger) {}

  addProvider(provider: StatusProvider): void {
    this.#providers.push(provider);
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
