/** What the bus is told of subscriptions. */
import type { OutgoingEvent } from '../bus/message.ts';
import type { JsonObject, Subscription } from '../model.ts';
import { maskCredentials } from './credentials.ts';
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

/** Credentials are masked: whole tenants hear of it, and so do webhooks that subscribe to it. */
function eventAbout(what: string, changed: Subscription, more: JsonObject): OutgoingEvent {
  const subscription = { ...changed, config: maskCredentials(changed.config) };
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
