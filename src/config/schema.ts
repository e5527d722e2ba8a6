/**
 * The one description of the configuration. The TypeScript types, the validation, the defaults,
 * `config/webhookd.yml` and `docs/reference/configuration.md` are all made from it.
 *
 * Besides JSON Schema's words a key may carry:
 * - `secret`: masked wherever the configuration is shown;
 * - `unit`: what a number counts;
 * - `reload`: a SIGHUP is enough to change it; for the way to the broker, from the next connection on.
 */
import {
  anyOf,
  array,
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
import type { CamelKeys } from '../naming.ts';
import { scheduleSchema } from '../schedule.ts';

const closed = { additionalProperties: false };

/** The master tenant where no wazo-auth names one. */
export const defaultMasterTenant = '00000000-0000-4000-8000-000000000001';

/** A path, name or secret that need not be set. */
const optionalText = (description: string, extra: object = {}) =>
  nullable(string({ minLength: 1 }), { default: null, description, ...extra });

const seconds = (value: number, description: string, extra: object = {}) =>
  number({ default: value, exclusiveMinimum: 0, unit: 's', description, ...extra });

const BusTls = object(
  {
    ca_file: optionalText(
      'PEM file of the authority that signed the broker’s certificate; null: the system’s authorities.',
      { reload: true },
    ),
    cert_file: optionalText('PEM file of the client certificate, when the broker asks for one.', {
      reload: true,
    }),
    key_file: optionalText('PEM file of the client certificate’s private key.', { reload: true }),
    verify_certificate: boolean({
      default: true,
      reload: true,
      description: 'Refuse a broker whose certificate does not check out.',
    }),
  },
  { ...closed, default: {}, description: 'TLS, used when `bus.url` begins with `amqps://`.' },
);

const Bus = object(
  {
    url: nullable(string({ pattern: '^amqps?://' }), {
      default: null,
      secret: true,
      reload: true,
      description:
        'amqp:// or amqps:// address of the broker; overrides username, password, host, port and vhost.',
    }),
    username: string({
      default: 'guest',
      reload: true,
      description: 'Name the daemon logs in with.',
    }),
    password: string({
      default: 'guest',
      reload: true,
      secret: true,
      description: 'Password the daemon logs in with.',
    }),
    host: string({
      default: 'localhost',
      reload: true,
      minLength: 1,
      description: 'Host of the broker.',
    }),
    port: integer({
      default: 5672,
      reload: true,
      minimum: 1,
      maximum: 65535,
      description: 'Port of the broker.',
    }),
    vhost: string({ default: '/', reload: true, description: 'Virtual host.' }),
    exchange_name: string({
      default: 'wazo-headers',
      minLength: 1,
      maxLength: 255,
      description:
        'Exchange the events come from. Made when it is not there. After a change, bindings to the former exchange stay on the queue until they are removed with the broker’s tools.',
    }),
    exchange_type: oneOf(['headers', 'topic', 'direct', 'fanout'], {
      default: 'headers',
      description: 'Type of that exchange.',
    }),
    exchange_durable: boolean({ default: true, description: 'Whether that exchange is durable.' }),
    routing_key: string({
      default: '{name}',
      maxLength: 255,
      description:
        'Binding key for topic and direct exchanges; `{name}` stands for the event’s name. `#` takes everything from a topic exchange.',
    }),
    queue_name: string({
      default: 'webhookd',
      minLength: 1,
      maxLength: 200,
      description:
        'The daemon’s queue. What is published while the daemon is down waits in it. Rejected messages go to `<queue_name>.dead-letter`.',
    }),
    queue_type: oneOf(['classic', 'quorum'], {
      default: 'classic',
      description:
        'Type of the queue; quorum for a cluster of brokers. It cannot be changed on an existing queue.',
    }),
    prefetch: integer({
      default: 200,
      minimum: 1,
      maximum: 65535,
      description: 'How many events the broker hands over ahead of their commit.',
    }),
    max_message_size: integer({
      default: 1048576,
      minimum: 1024,
      unit: 'bytes',
      description: 'A larger message goes to the dead-letter queue.',
    }),
    heartbeat: integer({
      default: 5,
      minimum: 1,
      maximum: 3600,
      unit: 's',
      description:
        'A broker that is silent for two to three times as long is taken for gone; status says so after one and a half times.',
    }),
    connect_timeout: seconds(10, 'How long one try to connect may take.'),
    reconnect_max_delay: seconds(
      5,
      'Longest pause between two tries to connect; the first is 0.1 s, each is about twice the one before.',
    ),
    publish_max_unconfirmed: integer({
      default: 256,
      minimum: 1,
      description: 'How many published messages may wait for the broker’s confirm.',
    }),
    tls: BusTls,
  },
  { ...closed, default: {}, description: 'The RabbitMQ that events come from.' },
);

const RestApi = object(
  {
    listen: string({
      default: '127.0.0.1',
      minLength: 1,
      description: 'Address the REST API listens on.',
    }),
    port: integer({
      default: 9300,
      minimum: 0,
      maximum: 65535,
      description: 'Port of the REST API; 0 takes a free one.',
    }),
    certificate: optionalText(
      'PEM file of the certificate; with `private_key` the API speaks HTTPS.',
    ),
    private_key: optionalText('PEM file of the certificate’s private key.'),
    max_body_size: integer({
      default: 1048576,
      minimum: 1024,
      unit: 'bytes',
      description: 'A larger request body is answered 413.',
    }),
    max_header_size: integer({
      default: 16384,
      minimum: 1024,
      unit: 'bytes',
      description: 'A request whose line and headers are larger is answered 431.',
    }),
    header_timeout: seconds(
      10,
      'How long the headers of a request may take to arrive; then it is answered 408.',
    ),
    request_timeout: seconds(
      30,
      'How long a request may take to arrive as a whole; then it is answered 408. How long its answer takes does not count.',
    ),
    keep_alive_timeout: seconds(72, 'How long a connection may stay open without a request.'),
    max_connections: integer({
      default: 1000,
      minimum: 1,
      description: 'How many connections may be open at once; a further one is closed at once.',
    }),
    max_requests_per_minute: nullable(integer({ minimum: 1 }), {
      default: null,
      description:
        'How many requests one address may send in a minute; a further one is answered 429. null: any number.',
    }),
    max_auth_failures: nullable(integer({ minimum: 1 }), {
      default: 20,
      description:
        'After so many requests of one address without a valid token, further ones are answered 429 for the rest of `auth_failure_window`; one with a valid token is answered all the same. null: any number.',
    }),
    auth_failure_window: seconds(60, 'How long these failures are counted, from the first one on.'),
    trusted_proxies: array(string({ minLength: 1 }), {
      default: ['127.0.0.1', '::1'],
      description:
        'Addresses and ranges of proxies whose `X-Forwarded-For` says which address a request comes from.',
    }),
    cors: object(
      {
        enabled: boolean({
          default: true,
          description:
            'Answer cross-origin requests of browsers; false: whatever `origins` says, none.',
        }),
        origins: array(string(), {
          default: [],
          description:
            'Origins whose pages may ask, as `https://app.example.com`; `*` is any. None unless said.',
        }),
        allow_headers: array(string(), {
          default: ['Content-Type', 'Authorization', 'X-Auth-Token', 'Wazo-Tenant'],
          description: 'Headers such a request may carry.',
        }),
      },
      { ...closed, default: {}, description: 'Cross-origin requests.' },
    ),
  },
  { ...closed, default: {}, description: 'The REST API.' },
);

const Auth = object(
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
  { ...closed, default: {}, description: 'Who may use the REST API.' },
);

const Database = object(
  {
    uri: string({
      default: 'sqlite:/var/lib/webhookd/webhookd.db',
      pattern: '^sqlite:.+',
      description: 'Where subscriptions, deliveries and their logs are kept: `sqlite:` and a path.',
    }),
  },
  { ...closed, default: {}, description: 'The store.' },
);

const DeliveryOptions = object(
  {
    max_in_flight: integer({
      default: 500,
      minimum: 1,
      description: 'How many attempts may run at once, in all.',
    }),
    max_in_flight_per_subscription: integer({
      default: 10,
      minimum: 1,
      description: 'How many attempts may run at once for one subscription.',
    }),
    max_held: integer({
      default: 5000,
      minimum: 1,
      description: 'How many deliveries are held in memory; the others wait in the store.',
    }),
    max_held_per_subscription: integer({
      default: 1000,
      minimum: 1,
      description: 'How many deliveries of one subscription are held in memory.',
    }),
    max_held_size: integer({
      default: 67108864,
      minimum: 1048576,
      unit: 'bytes',
      description: 'How large the events of the deliveries held in memory may be together.',
    }),
    schedule: scheduleSchema({
      default: 'wazo',
      description:
        'When deliveries that failed are attempted again: a list of pauses in seconds, after which a delivery has failed for good, or the name of one. `wazo`: growing by `hook_http_retry_countdown_factor`, `hook_max_attempts` times. `standard`: that of Standard Webhooks, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.',
    }),
    breaker_failures: integer({
      default: 10,
      minimum: 1,
      description:
        'After so many failures in a row nothing is sent to an endpoint (scheme, host and port) for a while: no answer, or a status of 500 and above or 429. Its deliveries wait, and use up no attempts.',
    }),
    breaker_pause: seconds(
      5,
      'How long that is at first; then one attempt probes the endpoint. Each pause that follows is twice as long.',
    ),
    breaker_max_pause: seconds(300, 'The longest of these pauses.'),
    disable_after: nullable(number({ exclusiveMinimum: 0 }), {
      default: 432000,
      unit: 's',
      description:
        'A subscription whose every attempt failed for so long is disabled; `webhookd_subscription_failing` is published at 50 and at 90 % of it. null: never.',
    }),
    replay_rate: number({
      default: 50,
      exclusiveMinimum: 0,
      unit: 'a second',
      description: 'How fast parked and replayed deliveries of a subscription go out.',
    }),
    secret_overlap: number({
      default: 86400,
      minimum: 0,
      unit: 's',
      description:
        'How long the former signing secret of a subscription signs too after a rotation.',
    }),
    log_retention: nullable(number({ exclusiveMinimum: 0, unit: 'days' }), {
      default: 30,
      unit: 'days',
      description:
        'How long a delivery is kept with its log after its event was received; what is not final yet stays. null: for ever. Old ones are removed once a day.',
    }),
    max_size: nullable(integer({ minimum: 1048576, unit: 'bytes' }), {
      default: 2147483648,
      unit: 'bytes',
      description:
        'How large the database may become. Before it does, the oldest deliveries are removed with their logs, then parked ones; what is still to be delivered stays. null: as large as the disk.',
    }),
    shutdown_timeout: seconds(
      10,
      'How long attempts in flight may take to finish when the daemon stops; what is cut is attempted again at the next start.',
    ),
  },
  { ...closed, default: {}, description: 'How deliveries are attempted.' },
);

const hosts = (description: string) =>
  array(string({ minLength: 1, maxLength: 255 }), { default: [], description });

const Egress = object(
  {
    user: oneOf(['public', 'any'], {
      default: 'public',
      description:
        'What subscriptions of users may reach: addresses of the public internet, or any.',
    }),
    admin: oneOf(['public', 'any'], {
      default: 'any',
      description: 'What all other subscriptions may reach.',
    }),
    allow: hosts(
      'Addresses, ranges (`10.0.0.0/8`), names and domains (`.example.com`) that may be reached all the same.',
    ),
    deny: hosts('The same, never to be reached; stronger than `allow`.'),
    proxy: nullable(string({ pattern: '^https?://' }), {
      default: null,
      secret: true,
      description:
        'An HTTP proxy that all requests go through. It looks names up itself: what they mean there is for it to guard.',
    }),
    no_proxy: hosts('Hosts that are reached without the proxy.'),
  },
  {
    ...closed,
    default: {},
    description:
      'Which addresses requests may reach. What is refused has failed for good, with the reason `egress-denied`.',
  },
);

const Http = object(
  {
    connect_timeout: seconds(5, 'How long connecting to an endpoint may take.'),
    timeout: seconds(15, 'How long one attempt may take in all.'),
    follow_redirects: boolean({
      default: false,
      description:
        'Follow redirects, at most 5, each as guarded as the first address. Otherwise a redirect is a failure.',
    }),
    disable_gone: boolean({
      default: true,
      description: 'Disable the subscription of an endpoint that answers 410.',
    }),
    egress: Egress,
    max_response_size: integer({
      default: 16384,
      minimum: 0,
      unit: 'bytes',
      description: 'How much of a response body is kept in the log.',
    }),
  },
  { ...closed, default: {}, description: 'The http service.' },
);

const Observing = object(
  {
    listen: string({ default: '127.0.0.1', minLength: 1, description: 'Address of that port.' }),
    port: nullable(integer({ minimum: 0, maximum: 65535 }), {
      default: null,
      description:
        'A port of its own for `/metrics` and `/health`, without tokens; null: none. The REST API has `/health/live` and `/health/ready` too, without a token, and `/1.0/metrics` with one.',
    }),
  },
  { ...closed, default: {}, description: 'For machines that look after the daemon.' },
);

const Plugins = object(
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
      description: 'How much memory a plugin’s process may take in all; looked at every second.',
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
  { ...closed, default: {}, description: 'Plugins that do not come with the daemon.' },
);

export const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const;

/** How chatty the log is; names as Python's logging has them. */
export type LogLevel = (typeof logLevels)[number];

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
    delivery: DeliveryOptions,
    http: Http,
    observing: Observing,
    plugins: Plugins,
  },
  closed,
);

/** The configuration as YAML has it. */
export type ConfigFile = Static<typeof ConfigSchema>;

/** The configuration as the code has it: every key set, in camelCase. */
export type Config = CamelKeys<ConfigFile>;
