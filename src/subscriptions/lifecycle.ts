/** What the bus is told of subscriptions. */
import type { OutgoingEvent } from '../bus/message.ts';
import type { JsonObject, Subscription } from '../model.ts';
import { toOutput, toUserOutput } from './schema.ts';
import type { Change } from './service.ts';

/**
 * The event that tells of a change, as wazo-webhookd names and addresses it: a subscription that a user
 * owns is told of to that user alone, with the fields a user sees; any other to all of its tenant.
 */
export const lifecycleEvent = (change: Change, subscription: Subscription): OutgoingEvent =>
  eventAbout(change, subscription, {});

/** The warning before a subscription is disabled; addressed in the same way. */
export const failingEvent = (
  subscription: Subscription,
  { since }: { since: number },
  disabledAt: number,
): OutgoingEvent =>
  eventAbout('failing', subscription, {
    failing_since: new Date(since).toISOString(),
    will_be_disabled_at: new Date(disabledAt).toISOString(),
  });

/** Options of the http service that are secrets: whoever listens to the bus has no need of them. */
const isSecret = (key: string) => ['password', 'token', 'client_key'].includes(key);

function withoutSecrets(options: JsonObject): JsonObject {
  const { auth } = options;
  const masked = (object: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, isSecret(key) ? '********' : value]),
    );
  return auth === undefined || auth === null || typeof auth !== 'object' || Array.isArray(auth)
    ? masked(options)
    : { ...masked(options), auth: masked(auth) };
}

function eventAbout(what: string, told: Subscription, more: JsonObject): OutgoingEvent {
  const isHttp = told.service === 'http';
  const subscription = isHttp ? { ...told, config: withoutSecrets(told.config) } : told;
  const { ownerUserUuid, ownerTenantUuid } = subscription;
  return ownerUserUuid === null
    ? {
        name: `webhookd_subscription_${what}`,
        data: { ...toOutput(subscription), ...more },
        headers: { tenant_uuid: ownerTenantUuid, 'user_uuid:*': true },
      }
    : {
        name: `webhookd_user_subscription_${what}`,
        data: { ...toUserOutput(subscription), ...more },
        headers: { tenant_uuid: ownerTenantUuid, [`user_uuid:${ownerUserUuid}`]: true },
      };
}
