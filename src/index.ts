/** The daemon as a library: for tests, and for programs that bring a process of their own. */
export { loadConfig, type ConfigSources, type LoadedConfig } from './config/load.ts';
export type { Config } from './config/schema.ts';
export { Daemon, type DaemonOptions } from './daemon/daemon.ts';
export { UserError } from './errors.ts';
export { version } from './version.ts';
