/** Options that several commands share. */
import type { Argv } from 'yargs';

/** Every command knows which configuration it works with. */
export interface GlobalOptions {
  config?: string | undefined;
}

/** `short` is how node:util calls what yargs calls `alias`. */
export const configOption = {
  alias: 'c',
  short: 'c',
  type: 'string',
  describe: 'Main configuration file',
} as const;

/** Commands that talk to a daemon. */
export interface RemoteOptions extends GlobalOptions {
  url?: string | undefined;
  token?: string | undefined;
  json: boolean;
}

export const withJson = <T>(yargs: Argv<T>) =>
  yargs.option('json', { type: 'boolean', default: false, describe: 'Print JSON, for scripts' });

export const withRemote = <T>(yargs: Argv<T>) =>
  withJson(yargs)
    .option('url', {
      type: 'string',
      describe: 'Address of the daemon; from the configuration unless given',
    })
    .option('token', { type: 'string', describe: 'Token; the local administrator’s unless given' });
