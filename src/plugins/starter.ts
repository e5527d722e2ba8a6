/** Starts plugins where they belong: inside the daemon, or in a process. */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { CradleSources } from './cradle.ts';
import { startInline } from './inline-plugin.ts';
import { limitsOf } from './host/limits.ts';
import type { ManagedPlugin } from './managed-plugin.ts';
import type { RunningPlugin } from './running-plugin.ts';
import type { Vault } from './vault.ts';

export interface StarterOptions {
  sources: Omit<CradleSources, 'api'>;
  serverUuid: string;
  vault: Vault;
  log: Logger;
}

export class PluginStarter {
  #api: FastifyInstance | undefined;

  constructor(private readonly options: StarterOptions) {}

  /** Where plugins inside the daemon add their routes. */
  useApi(api: FastifyInstance): void {
    this.#api = api;
  }

  /**
   * @param group plugins that share a process, or one that runs inside the daemon
   * @returns by name; what is wrong with an entry is said of that entry
   * @throws Error when their process does not live, or they take too long
   */
  start(
    group: readonly ManagedPlugin[],
    onCrash: (reason: string) => void,
  ): Promise<Map<string, RunningPlugin>> {
    const [first] = group;
    return first?.isInline === true ? this.#startInline(first) : this.#startHosted(group, onCrash);
  }

  get #isDisabled() {
    const { enabledServices } = this.options.sources.config;
    return (service: string) => enabledServices[service] === false;
  }

  async #startInline({ manifest }: ManagedPlugin): Promise<Map<string, RunningPlugin>> {
    const { sources, serverUuid, log, vault } = this.options;
    if (this.#api === undefined) throw new Error('the plugins were not started');
    const running = await startInline({
      manifest,
      sources: { ...sources, api: this.#api },
      variables: vault.valuesOf(manifest),
      redact: vault.redactor(manifest),
      serverUuid,
      log,
      isDisabled: this.#isDisabled,
    });
    return new Map([[manifest.name, running]]);
  }

  async #startHosted(
    group: readonly ManagedPlugin[],
    onCrash: (reason: string) => void,
  ): Promise<Map<string, RunningPlugin>> {
    const { sources, serverUuid, log, vault } = this.options;
    const isDisabled = this.#isDisabled;
    // Most daemons have only the plugins that come with them.
    const { startHosted } = await import('./hosted-plugins.ts');
    return startHosted({
      packages: group.map(({ manifest }) => ({
        manifest,
        variables: vault.valuesOf(manifest),
        isDisabled,
        redact: () => vault.redactor(manifest),
      })),
      limits: limitsOf(sources.config.plugins),
      sources,
      serverUuid,
      log,
      onCrash,
    });
  }
}
