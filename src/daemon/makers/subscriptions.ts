/** Subscriptions, and what else changes with one of them. */
import { packAnnouncement } from '../../bus/outbox.ts';
import { messageOf } from '../../errors.ts';
import type { Subscription } from '../../model.ts';
import { lifecycleEvent } from '../../subscriptions/lifecycle.ts';
import { Matcher } from '../../subscriptions/matcher.ts';
import { type Change, SubscriptionService } from '../../subscriptions/service.ts';
import { Signer } from '../../subscriptions/signing.ts';
import type { Cradle, Makers } from '../cradle.ts';

function followChange(subscription: Subscription, change: Change, cradle: Cradle): void {
  const { dispatcher, health, signer, metrics, log } = cradle;
  const { uuid, name, disabled } = subscription;
  if (change === 'disabled')
    log.warn(
      { subscription: uuid, reason: disabled?.reason },
      `the subscription ${name} is disabled: its deliveries are parked`,
    );
  if (change === 'created')
    signer
      .list(uuid)
      .catch((error: unknown) =>
        log.warn(
          { subscription: uuid },
          `its secret will be made when it is needed first: ${messageOf(error)}`,
        ),
      );
  if (change === 'enabled' || change === 'deleted') health.forget(uuid);
  if (change === 'deleted') {
    signer.forget(uuid);
    metrics.forgetSubscription(uuid);
  }
  if (change === 'enabled') dispatcher.resume(uuid);
  else dispatcher.reconsider(uuid);
}

export const subscriptionMakers = {
  matcher: ({ masterTenant }) => new Matcher(masterTenant),
  signer: ({ store, vault, config, log }) =>
    new Signer({
      store,
      seal: (text, purpose) => vault.seal(text, purpose),
      open: (sealed, purpose) => vault.unseal(sealed, purpose),
      overlap: config.delivery.secretOverlap * 1000,
      log,
    }),
  subscriptions: (cradle) =>
    new SubscriptionService({
      store: cradle.store,
      matcher: cradle.matcher,
      bindings: cradle.bindings,
      checkConfig: (service, config) => cradle.registry.checkConfig(service, config),
      onChange: (subscription, change) => followChange(subscription, change, cradle),
      announcementOf: (change, subscription) =>
        packAnnouncement(lifecycleEvent(change, subscription)),
      announce: () => cradle.outbox.wake(),
    }),
} satisfies Partial<Makers>;
