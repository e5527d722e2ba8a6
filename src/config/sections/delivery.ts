import { scheduleSchema } from '../../schedule.ts';
import { integer, nullable, number } from '../../schema.ts';
import { seconds, section } from './section.ts';

/** How deliveries are attempted, and how long they are kept. */
export const Delivery = section(
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
  'How deliveries are attempted.',
);
