import { array, integer, oneOf, string } from '../../schema.ts';
import { optionalText, seconds, section } from './section.ts';

/** Plugins that do not come with the daemon. */
export const Plugins = section(
  {
    directory: string({
      default: '/var/lib/webhookd/plugins',
      minLength: 1,
      description:
        'Where plugins are installed, by `webhookd plugin install`; packages under its `node_modules` are looked at as well.',
    }),
    isolation: oneOf(['process', 'shared'], {
      default: 'process',
      description:
        'Where plugins run: each in a process of its own, or all in one, which takes less memory.',
    }),
    inline: array(string({ minLength: 1, maxLength: 214 }), {
      default: [],
      description:
        'Packages that may run inside the daemon, where they can add routes to its API, and take it along when they fail.',
    }),
    heap_limit: integer({
      default: 128,
      minimum: 16,
      unit: 'MiB',
      description: 'How large the JavaScript heap of a plugin’s process may grow.',
    }),
    memory_limit: integer({
      default: 512,
      minimum: 64,
      unit: 'MiB',
      description:
        'How much memory a plugin’s process may take in all; looked at four times a second.',
    }),
    load_timeout: seconds(15, 'How long a plugin may take to load.'),
    call_timeout: seconds(
      60,
      'How long one call of a plugin may take. A process that does not answer is replaced.',
    ),
    max_calls: integer({
      default: 20,
      minimum: 1,
      description: 'How many calls of one plugin may run at once.',
    }),
    max_log_rate: integer({
      default: 200,
      minimum: 1,
      description:
        'How many lines a plugin may log in a second; the others are counted and dropped.',
    }),
    max_request_timeout: seconds(30, 'The longest a request of a plugin’s own (`http`) may take.'),
    secret_key_file: optionalText(
      'File with the key that secrets are encrypted with; null: the systemd credential `webhookd-secret-key` if there is one, else `secret.key` beside the database, made at first start.',
    ),
  },
  'Plugins that do not come with the daemon.',
);
