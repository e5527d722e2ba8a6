import { anyOf, boolean, integer, nullable, number, oneOf, string } from '../../schema.ts';
import { optionalText, seconds, section } from './section.ts';

/** The master tenant where no wazo-auth names one. */
export const defaultMasterTenant = '00000000-0000-4000-8000-000000000001';

/** Who may use the REST API, and where wazo-auth is. */
export const Auth = section(
  {
    type: oneOf(['token', 'wazo', 'none'], {
      default: 'token',
      description:
        '`token`: every request carries a token made by `webhookd token create`. `wazo`: or one of wazo-auth, which is asked what it may do. `none`: nobody is asked, allowed on a loopback address only.',
    }),
    master_tenant_uuid: nullable(string({ minLength: 36, maxLength: 36 }), {
      default: null,
      description: `The tenant that sees the events of all. null: with \`wazo\` the one wazo-auth gives the daemon's own token, else ${defaultMasterTenant}.`,
    }),
    local_token_file: optionalText(
      'Where the local administrator’s token is kept (mode 0600), made at first start; the CLI finds it there. null: `local-token` beside the database.',
    ),
    host: string({ default: 'localhost', minLength: 1, description: 'Host of wazo-auth.' }),
    port: integer({ default: 9497, minimum: 1, maximum: 65535, description: 'Port of wazo-auth.' }),
    prefix: optionalText(
      'Path before `/0.1` in the addresses of wazo-auth, as `/api/auth` behind a proxy.',
    ),
    https: boolean({ default: false, description: 'Speak HTTPS with wazo-auth.' }),
    verify_certificate: anyOf([boolean(), string({ pattern: '^/' })], {
      default: true,
      description:
        'Whether wazo-auth’s certificate is checked, or the path of a PEM file with the authority that signed it.',
    }),
    username: optionalText('Name the daemon asks wazo-auth for a token of its own with.'),
    password: optionalText('Password for that.', { secret: true }),
    key_file: optionalText(
      'YAML file with `service_id` and `service_key`, used when there is no `auth.username` and `auth.password`.',
    ),
    timeout: seconds(10, 'How long wazo-auth may take to answer.'),
    cache_ttl: number({
      default: 10,
      minimum: 0,
      maximum: 300,
      unit: 's',
      description:
        'How long a positive answer of wazo-auth holds, never beyond the token’s end; 0: it is asked every time.',
    }),
  },
  'Who may use the REST API.',
);
