import { array, boolean, integer, nullable, string } from '../../schema.ts';
import { optionalText, seconds, section } from './section.ts';

const Cors = section(
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
  'Cross-origin requests.',
);

/** The REST API: where it listens, and how much of it anybody may use. */
export const RestApi = section(
  {
    listen: string({
      default: '127.0.0.1',
      minLength: 1,
      description: 'Address the REST API listens on. Of a name one address, the first of IPv4.',
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
    cors: Cors,
  },
  'The REST API.',
);
