/** What a subscription looks like from outside. */
import { Type, type Static } from 'typebox';
import type { JsonObject } from '../model.ts';
import type { CamelKeys } from '../naming.ts';

/** PostgreSQL cannot keep a NUL character, and no name needs one. */
const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$', description });

const uuidOrNull = (description: string) =>
  Type.Union([Type.String({ minLength: 36, maxLength: 36 }), Type.Null()], { default: null, description });

/** Its keys are the user's, not ours. */
const openObject = (options: object) => Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true, ...options });

/** What a client sends to make or replace a subscription. Unknown keys are ignored. */
export const SubscriptionInput = Type.Object(
  {
    name: text(128, 'A name for people to read.'),
    service: text(128, 'The service that delivers the events.'),
    events: Type.Array(text(128, 'An event name.'), { description: 'Names of the events to deliver.' }),
    config: openObject({ description: 'Options of the service.' }),
    events_user_uuid: uuidOrNull('Only events that concern this user.'),
    events_wazo_uuid: uuidOrNull('Only events from this server.'),
    owner_user_uuid: uuidOrNull('The user who owns the subscription.'),
    metadata: openObject({ default: {}, description: 'Anything; kept as it is.' }),
  },
  { description: 'A subscription as it is made or replaced.' },
);

/** The same in TypeScript's words. */
export type SubscriptionInput = CamelKeys<Static<typeof SubscriptionInput>>;

/** What a client gets. */
export const SubscriptionOutput = Type.Object({
  uuid: Type.String({ format: 'uuid' }),
  ...SubscriptionInput.properties,
  owner_tenant_uuid: Type.String({ description: 'The tenant the subscription belongs to.' }),
});
