/** What a subscription looks like from outside. */
import { array, nullable, object, open, type Static, string } from '../schema.ts';
import type { JsonObject } from '../model.ts';
import type { CamelKeys } from '../naming.ts';

/** PostgreSQL cannot keep a NUL character, and no name needs one. */
const text = (maxLength: number, description: string) =>
  string({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$', description });

const uuidOrNull = (description: string) =>
  nullable(string({ minLength: 36, maxLength: 36 }), { default: null, description });

/** Its keys are the user's, not ours. */
const openObject = (keywords: Record<string, unknown>) => open<JsonObject>(keywords);

/** What a client sends to make or replace a subscription. Unknown keys are ignored. */
export const SubscriptionInput = object(
  {
    name: text(128, 'A name for people to read.'),
    service: text(128, 'The service that delivers the events.'),
    events: array(text(128, 'An event name.'), { description: 'Names of the events to deliver.' }),
    config: openObject({ description: 'Options of the service.' }),
    events_user_uuid: uuidOrNull('Only events that concern this user.'),
    events_wazo_uuid: uuidOrNull('Only events from this server.'),
    owner_user_uuid: uuidOrNull('The user who owns the subscription.'),
    metadata: openObject({ default: {}, description: 'Anything; kept as it is.' }),
  },
  { description: 'A subscription as it is made or replaced.' },
);

const { name, service, events, config, metadata } = SubscriptionInput.properties;

/** What a user sends to make or replace a subscription of their own: whose events they get is not theirs to say. */
export const UserSubscriptionInput = object(
  { name, service, events, config, metadata },
  { description: 'A subscription of a user as it is made or replaced.' },
);

/** The same in TypeScript's words. */
export type SubscriptionInput = CamelKeys<Static<typeof SubscriptionInput>>;

export type UserSubscriptionInput = CamelKeys<Static<typeof UserSubscriptionInput>>;

/** What a client gets. */
export const SubscriptionOutput = object({
  uuid: string({ format: 'uuid' }),
  ...SubscriptionInput.properties,
  owner_tenant_uuid: string({ description: 'The tenant the subscription belongs to.' }),
});

/** What events for a user tell of a subscription. */
export const UserSubscriptionOutput = object({
  uuid: SubscriptionOutput.properties.uuid,
  ...UserSubscriptionInput.properties,
});
