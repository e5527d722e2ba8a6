/** Files whose places follow from the configuration. */
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';

/** The path in `sqlite:/path`. */
export const databaseFile = (config: Pick<Config, 'database'>) =>
  config.database.uri.replace(/^sqlite:(\/\/(?=\/))?/, '');

/** Where the local administrator's token is. */
export const localTokenFile = (config: Pick<Config, 'database' | 'auth'>) =>
  config.auth.localTokenFile ?? join(dirname(databaseFile(config)), 'local-token');

/** Where the key for secrets is, unless the configuration or systemd names another. */
export const secretKeyFile = (config: Pick<Config, 'database'>) =>
  join(dirname(databaseFile(config)), 'secret.key');
