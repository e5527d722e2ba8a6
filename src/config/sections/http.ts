import { array, boolean, integer, nullable, oneOf, string } from '../../schema.ts';
import { seconds, section } from './section.ts';

const hosts = (description: string) =>
  array(string({ minLength: 1, maxLength: 255 }), { default: [], description });

const Egress = section(
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
  'Which addresses requests may reach. What is refused has failed for good, with the reason `egress-denied`.',
);

/** The http service. */
export const Http = section(
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
  'The http service.',
);
