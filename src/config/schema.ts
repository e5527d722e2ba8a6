/**
 * The one description of the configuration. The TypeScript types, the validation, the defaults,
 * `config/webhookd.yml` and `docs/reference/configuration.md` are all made from it.
 *
 * Besides JSON Schema's words a key may carry:
 * - `secret`: masked wherever the configuration is shown;
 * - `unit`: what a number counts;
 * - `reload`: a SIGHUP is enough to change it; for the way to the broker, from the next connection on.
 */
import type { CamelKeys } from '../naming.ts';
import {
  boolean,
  integer,
  nullable,
  number,
  object,
  oneOf,
  record,
  string,
  type Static,
} from '../schema.ts';
import { Auth } from './sections/auth.ts';
import { Bus } from './sections/bus.ts';
import { Database } from './sections/database.ts';
import { Delivery } from './sections/delivery.ts';
import { Http } from './sections/http.ts';
import { Observing } from './sections/observing.ts';
import { Plugins } from './sections/plugins.ts';
import { RestApi } from './sections/rest-api.ts';
import { optionalText } from './sections/section.ts';

const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const;

/** How chatty the log is; names as Python's logging has them. */
export type LogLevel = (typeof logLevels)[number];

/** The configuration, with a schema of its own for every section. */
export const ConfigSchema = object(
  {
    debug: boolean({
      default: false,
      reload: true,
      description: 'Log at level debug, whatever `log_level` says.',
    }),
    log_level: oneOf([...logLevels], {
      default: 'info',
      reload: true,
      description: 'What is logged: this level and those above.',
    }),
    log_file: optionalText(
      'File to log to; null: standard output. SIGHUP opens it anew, for logrotate.',
    ),
    extra_config_files: string({
      default: '/etc/webhookd/conf.d',
      minLength: 1,
      description:
        'Directory of further YAML files, applied over the main one in the order of their names. It need not exist.',
    }),
    uuid: nullable(string({ minLength: 36, maxLength: 36 }), {
      default: null,
      description:
        'This server’s uuid, the origin of events it publishes; null: one is made at first start and kept in the store.',
    }),
    enabled_services: record(boolean(), {
      default: {},
      description:
        'Services by name, each true or false; one that is not named is enabled. A disabled one is not loaded and its deliveries wait.',
    }),
    hook_max_attempts: integer({
      default: 10,
      minimum: 1,
      maximum: 1000,
      description: 'How often a delivery is attempted before it counts as failed.',
    }),
    hook_http_retry_countdown_factor: number({
      default: 2,
      minimum: 1,
      maximum: 10,
      description:
        'The pause after attempt n is this to the power of n - 1, in seconds, give or take a fifth.',
    }),
    bus: Bus,
    rest_api: RestApi,
    auth: Auth,
    database: Database,
    delivery: Delivery,
    http: Http,
    observing: Observing,
    plugins: Plugins,
  },
  { additionalProperties: false },
);

/** The configuration as YAML has it. */
export type ConfigFile = Static<typeof ConfigSchema>;

/** The configuration as the code has it: every key set, in camelCase. */
export type Config = CamelKeys<ConfigFile>;
