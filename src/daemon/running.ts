/** The configuration the process runs with: read anew at SIGHUP, and changed over the API. */
import type { RunningConfig } from '../api/config.ts';
import { loadConfig, type ConfigSources, type LoadedConfig } from '../config/load.ts';
import { reloadConfig } from '../config/reload.ts';
import { configForEyes } from '../config/show.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Daemon } from './daemon.ts';
import type { DaemonLog } from './logger.ts';

export class Running implements RunningConfig {
  #loaded: LoadedConfig;

  constructor(
    private readonly sources: ConfigSources,
    loaded: LoadedConfig,
    private readonly daemonLog: Pick<DaemonLog, 'log' | 'reload'>,
  ) {
    this.#loaded = loaded;
  }

  shown(): Record<string, unknown> {
    return configForEyes(this.#loaded);
  }

  setDebug(debug: boolean): void {
    const { config, values } = this.#loaded;
    this.#take({ config: { ...config, debug }, values: { ...values, debug } });
  }

  /** A configuration with mistakes changes nothing. */
  reload(daemon: Pick<Daemon, 'reload'>): void {
    const { log } = this.daemonLog;
    try {
      const { taken, waiting, ...changed } = reloadConfig(
        this.#loaded.values,
        loadConfig(this.sources),
      );
      this.#take(changed);
      daemon.reload(changed.config);
      log.info({ taken_up: taken, needs_restart: waiting }, 'configuration reloaded');
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.error(`configuration not reloaded: ${messageOf(error)}`);
    }
  }

  #take(changed: Pick<LoadedConfig, 'config' | 'values'>): void {
    this.#loaded = { ...this.#loaded, ...changed };
    this.daemonLog.reload(changed.config);
  }
}
