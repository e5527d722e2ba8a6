/** A subscription as the API answers it. */
import type { Subscription } from '../model.ts';
import type { PluginRegistry } from '../plugins/registry.ts';
import { maybe, object, string } from '../schema.ts';
import { SubscriptionOutput, toOutput } from '../subscriptions/schema.ts';

export const ShownSubscription = object({
  ...SubscriptionOutput.properties,
  warning: maybe(string({ description: 'Why its deliveries wait; only when they do.' })),
});

/** Says of a subscription whose deliveries wait why that is; a client of wazo-webhookd sees what it knows. */
export const withWarning = (registry: PluginRegistry) => (subscription: Subscription) => {
  const { service } = subscription;
  if (registry.find(service) !== undefined) return toOutput(subscription);
  const plugin = registry.providerOf(service);
  const why =
    plugin === undefined
      ? `no plugin provides the service ${service}`
      : `the plugin ${plugin} cannot be called`;
  return { ...toOutput(subscription), warning: `${why}: deliveries wait` };
};
