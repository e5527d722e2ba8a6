/** The configuration the process runs with: read anew at SIGHUP, and changed over the API. */
import type { RunningConfig } from '../api/config.ts';
import { loadConfig, type ConfigSources, type LoadedConfig } from '../config/load.ts';
import { reloadConfig } from '../config/reload.ts';
import { type Config, ConfigSchema } from '../config/schema.ts';
import { configForEyes } from '../config/show.ts';
import { messageOf, UserError } from '../errors.ts';
import { toSnakeKeys } from '../naming.ts';
import { object } from '../schema.ts';
import type { Daemon } from './daemon.ts';
import type { DaemonLog } from './logger.ts';

/** Keys outside of the sections that a reload or the API changes in a running daemon. */
const ReloadedAtOnce = object({
  debug: ConfigSchema.properties.debug,
  log_level: ConfigSchema.properties.log_level,
});

export class Running implements RunningConfig {
  #config: Config;

  constructor(
    private readonly sources: ConfigSources,
    private readonly loaded: LoadedConfig,
    private readonly daemonLog: DaemonLog,
  ) {
    this.#config = loaded.config;
  }

  shown(): Record<string, unknown> {
    return { ...configForEyes(this.loaded), ...toSnakeKeys(ReloadedAtOnce, this.#config) };
  }

  setDebug(debug: boolean): void {
    this.#config = { ...this.#config, debug };
    this.daemonLog.reload(this.#config);
  }

  /** A configuration with mistakes changes nothing. */
  reload(daemon: Daemon): void {
    const { log } = this.daemonLog;
    try {
      const { config, taken, waiting } = reloadConfig(this.loaded.values, loadConfig(this.sources));
      this.#config = config;
      this.daemonLog.reload(config);
      daemon.reload(config);
      log.info({ taken_up: taken, needs_restart: waiting }, 'configuration reloaded');
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.error(`configuration not reloaded: ${messageOf(error)}`);
    }
  }
}
