/** What a subscription looks like from outside. */
import {
  array,
  boolean,
  integer,
  maybe,
  nullable,
  number,
  object,
  oneOf,
  open,
  type Static,
  string,
} from '../schema.ts';
import type { DeliveryOptions, JsonObject, Subscription } from '../model.ts';
import { scheduleSchema } from '../schedule.ts';
import { type CamelKeys, toSnakeKeys } from '../naming.ts';

/** PostgreSQL cannot keep a NUL character, and no name needs one. */
const text = (maxLength: number, description: string) =>
  string({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$', description });

const uuidOrNull = (description: string) =>
  nullable(string({ minLength: 36, maxLength: 36 }), { default: null, description });

/** Its keys are the user's, not ours. */
const openObject = (keywords: Record<string, unknown>) => open<JsonObject>(keywords);

const DeliverySchema = object(
  {
    schedule: maybe(
      scheduleSchema({
        description:
          'Pauses after the first, second ... failed attempt in seconds, or `wazo` or `standard`.',
      }),
    ),
    max_attempts: maybe(
      integer({ minimum: 1, maximum: 1000, description: 'How often a delivery is attempted.' }),
    ),
    timeout: maybe(
      number({
        exclusiveMinimum: 0,
        maximum: 60,
        description: 'How long a whole attempt may take, seconds.',
      }),
    ),
    connect_timeout: maybe(
      integer({ minimum: 1, maximum: 60, description: 'How long connecting may take, seconds.' }),
    ),
    max_in_flight: maybe(
      integer({ minimum: 1, maximum: 500, description: 'How many attempts may run at once.' }),
    ),
    rate_limit: maybe(
      number({
        minimum: 0.01,
        maximum: 10_000,
        description: 'How many attempts may begin a second.',
      }),
    ),
    ordered: maybe(
      boolean({
        description:
          'One at a time, in the order of the events: one that fails holds up those after it.',
      }),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'How deliveries are made; what is not given is as the configuration says.',
  },
);

/** What a client sends to make or replace a subscription. Unknown keys are ignored. */
export const SubscriptionInput = object(
  {
    name: text(128, 'A name for people to read.'),
    service: text(128, 'The service that delivers the events.'),
    events: array(text(128, 'An event name.'), {
      maxItems: 1000,
      description: 'Names of the events to deliver.',
    }),
    config: openObject({ description: 'Options of the service.' }),
    events_user_uuid: uuidOrNull('Only events that concern this user.'),
    events_wazo_uuid: uuidOrNull('Only events from this server.'),
    owner_user_uuid: uuidOrNull('The user who owns the subscription.'),
    metadata: openObject({ default: {}, description: 'Anything; kept as it is.' }),
    filter: nullable(string({ minLength: 1, maxLength: 4096, expression: true }), {
      default: null,
      description:
        'An expression over `event`, `event_name`, `headers` and `wazo_uuid`, in the language of templates: only events for which it is true.',
    }),
    delivery: DeliverySchema,
    enabled: maybe(
      boolean({
        description:
          'While false, deliveries are parked. Left out: as it is, and true for a new subscription.',
      }),
    ),
  },
  { description: 'A subscription as it is made or replaced.' },
);

const { name, service, events, config, metadata, filter, delivery, enabled } =
  SubscriptionInput.properties;

/** What a user sends to make or replace a subscription of their own: whose events they get is not theirs to say. */
export const UserSubscriptionInput = object(
  { name, service, events, config, metadata, filter, delivery, enabled },
  { description: 'A subscription of a user as it is made or replaced.' },
);

/** The same in TypeScript's words. */
export type SubscriptionInput = Omit<CamelKeys<Static<typeof SubscriptionInput>>, 'delivery'> & {
  delivery: DeliveryOptions;
};

export type UserSubscriptionInput = Omit<
  SubscriptionInput,
  'eventsUserUuid' | 'eventsWazoUuid' | 'ownerUserUuid'
>;

const state = {
  enabled: boolean({ description: 'Whether deliveries are made, or parked.' }),
  disabled_reason: nullable(oneOf(['manual', 'gone', 'failing']), {
    description:
      '`manual`: by hand; `gone`: the endpoint answered 410; `failing`: every attempt failed for too long.',
  }),
  disabled_at: nullable(string({ format: 'date-time' })),
};

/** What a client gets. */
export const SubscriptionOutput = object({
  uuid: string({ format: 'uuid' }),
  ...SubscriptionInput.properties,
  owner_tenant_uuid: string({ description: 'The tenant the subscription belongs to.' }),
  ...state,
});

/** What events for a user tell of a subscription. */
const UserSubscriptionOutput = object({
  uuid: SubscriptionOutput.properties.uuid,
  ...UserSubscriptionInput.properties,
  ...state,
});

const shownState = ({ disabled }: Subscription) => ({
  enabled: disabled === null,
  disabled_reason: disabled?.reason ?? null,
  disabled_at: disabled === null ? null : new Date(disabled.at).toISOString(),
});

/** A subscription as a client gets it. */
export const toOutput = (subscription: Subscription): JsonObject => ({
  ...(toSnakeKeys(SubscriptionOutput, subscription) as JsonObject),
  ...shownState(subscription),
});

/** A subscription as its user is told of it. */
export const toUserOutput = (subscription: Subscription): JsonObject => ({
  ...(toSnakeKeys(UserSubscriptionOutput, subscription) as JsonObject),
  ...shownState(subscription),
});
