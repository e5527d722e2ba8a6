/** What a person found out about each direct dependency; the rest of the page is made. */

export interface Review {
  /** Why it is there, and how it is kept. */
  why: string;
  /** The highest version and its day, as `npm view NAME time` said at the review. */
  release: string;
}

export const reviewed = {
  date: '2026-11-26',
  advisories:
    'On that day `npm audit` got no answer: the registry that was reachable refuses its question (405 Method Not Allowed, POST /-/npm/v1/security/advisories/bulk). So it is not known here whether there are advisories; ask with `npm audit --omit=dev` where a registry answers.',
};

export const reviews: Readonly<Record<string, Review>> = {
  '@fastify/cors': {
    why: 'Answers browsers of allowed origins. By fastify’s team; loaded, yet asked only where origins are configured.',
    release: '11.4.3, 2026-11-13',
  },
  '@fastify/swagger': {
    why: 'Makes the OpenAPI document when somebody asks for it. By fastify’s team.',
    release: '9.9.3, 2026-11-01',
  },
  '@opentelemetry/api': {
    why: 'What spans are made with; loaded only where an operator’s SDK is there. By OpenTelemetry.',
    release: '1.10.0, 2026-10-20',
  },
  '@opentelemetry/sdk-trace-base': {
    why: 'An SDK that keeps the spans of tests.',
    release: '2.12.1, 2026-11-09',
  },
  '@seriousme/openapi-schema-validator': {
    why: 'Checks in tests that the API document is valid OpenAPI.',
    release: '2.11.0, 2026-09-25',
  },
  '@types/better-sqlite3': {
    why: 'Types; nothing of it runs.',
    release: '9.6.0, 2026-08-01',
  },
  '@types/node': {
    why: 'Types of the oldest Node.js that is supported; nothing of it runs.',
    release: '26.6.6, 2026-10-28',
  },
  '@types/pg': {
    why: 'Types; nothing of it runs.',
    release: '8.23.1, 2026-08-17',
  },
  '@types/semver': {
    why: 'Types; nothing of it runs.',
    release: '7.8.0, 2026-08-02',
  },
  '@types/yargs': {
    why: 'Types; nothing of it runs.',
    release: '17.0.35, 2025-11-14',
  },
  ajv: {
    why: 'The only validator: configuration, API, stored data, options of plugins.',
    release: '8.20.0, 2026-04-24',
  },
  'ajv-formats': {
    why: 'Formats such as `uuid` and `date-time` for it, by the same people.',
    release: '3.0.1, 2024-04-17',
  },
  amqplib: {
    why: 'Speaks AMQP. Its own reconnecting is not used (see architecture.md).',
    release: '2.3.1, 2026-11-08',
  },
  awilix: {
    why: 'The container that `daemon/container.ts` fills; plugins are given their parts by it.',
    release: '13.0.5, 2026-06-18',
  },
  'better-sqlite3': {
    why: 'The store. Native: compiled, or a prebuilt binary, by its install script. Later majors need Node.js 22.',
    release: '13.2.0, 2026-11-14',
  },
  birpc: {
    why: 'Calls over messages between the daemon and the processes of plugins.',
    release: '4.2.0, 2026-08-19',
  },
  'dependency-cruiser': {
    why: 'Refuses imports against the order of rooms, and circles.',
    release: '18.7.2, 2026-11-02',
  },
  eslint: {
    why: 'Lint.',
    release: '10.15.0, 2026-11-13',
  },
  'fast-check': {
    why: 'Tests with made-up input.',
    release: '4.10.2, 2026-09-19',
  },
  'fastest-levenshtein': {
    why: '"Did you mean" for a mistyped key of the configuration. Small and without dependencies; the last release is old.',
    release: '1.0.16, 2024-06-25',
  },
  fastify: {
    why: 'The REST API.',
    release: '5.12.8, 2026-11-02',
  },
  got: {
    why: 'Requests that are few: wazo-auth, and the client plugins get. Later majors need Node.js 22.',
    release: '16.1.0, 2026-10-13',
  },
  'iconv-lite': {
    why: 'Charsets of bodies that are not UTF-8, as templates of wazo-webhookd may name them.',
    release: '0.7.3, 2026-07-03',
  },
  'ipaddr.js': {
    why: 'What kind of address a name leads to: the guard of where requests may go stands on it.',
    release: '2.5.0, 2026-08-04',
  },
  'light-my-request': {
    why: 'Comes with fastify; named to pin a version that the supported Node.js can run.',
    release: '6.8.1, 2026-11-14',
  },
  pg: {
    why: '`webhookd import wazo` reads the database of a wazo-webhookd with it; loaded for that alone.',
    release: '8.23.1, 2026-09-30',
  },
  pino: {
    why: 'The log.',
    release: '10.4.0, 2026-10-02',
  },
  prettier: {
    why: 'Format.',
    release: '3.10.1, 2026-11-12',
  },
  'prom-client': {
    why: '`/metrics`. The last release is old; what it does is settled.',
    release: '15.1.3, 2024-12-09',
  },
  publint: {
    why: 'Checks what is packed.',
    release: '0.3.25, 2026-10-01',
  },
  semver: {
    why: 'Which versions of the plugin API a package fits. By npm’s team.',
    release: '7.8.6, 2026-11-02',
  },
  standardwebhooks: {
    why: 'In tests, the reference that signatures are compared with.',
    release: '1.1.1, 2026-08-28',
  },
  typescript: {
    why: 'The compiler. Version 7 has no API for typescript-eslint yet.',
    release: '7.0.2, 2026-07-08',
  },
  'typescript-eslint': {
    why: 'Lint with types: a promise that nobody waits for is an error.',
    release: '8.73.0, 2026-11-16',
  },
  undici: {
    why: 'The requests of the http service. By Node.js’s team. Later majors need Node.js 22.',
    release: '8.13.1, 2026-11-20',
  },
  'unix-dgram': {
    why: 'Tells systemd how the daemon is. Optional and native; without it `systemd-notify` is called.',
    release: '2.0.7, 2025-08-14',
  },
  uuid: {
    why: 'Ids that sort by time (version 7), which Node.js does not make.',
    release: '14.0.3, 2026-10-10',
  },
  vitest: {
    why: 'Tests.',
    release: '5.1.1, 2026-11-18',
  },
  yaml: {
    why: 'The configuration, with the lines of mistakes.',
    release: '2.9.1, 2026-09-11',
  },
  yargs: {
    why: 'The command line.',
    release: '18.2.0, 2026-09-20',
  },
};
