import { boolean, integer, nullable, oneOf, string } from '../../schema.ts';
import { optionalText, seconds, section } from './section.ts';

const BusTls = section(
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
  'TLS, used when `bus.url` begins with `amqps://`.',
);

/** The way to the broker, and what is there for the daemon. */
export const Bus = section(
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
      description: 'Type of that exchange. A direct one knows no patterns of names.',
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
      default: 120,
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
  'The RabbitMQ that events come from.',
);
