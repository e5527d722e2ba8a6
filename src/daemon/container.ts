/** The only place that knows everything: it puts together what the makers of each room make. */
import { asFunction, asValue, createContainer, InjectionMode } from 'awilix/browser';
import type { Cradle, Foundations, Makers } from './cradle.ts';
import { authMakers } from './makers/auth.ts';
import { busMakers } from './makers/bus.ts';
import { deliveryMakers } from './makers/deliveries.ts';
import { observingMakers } from './makers/observing.ts';
import { pluginMakers } from './makers/plugins.ts';
import { subscriptionMakers } from './makers/subscriptions.ts';

const makers: Makers = {
  ...authMakers,
  ...busMakers,
  ...subscriptionMakers,
  ...pluginMakers,
  ...deliveryMakers,
  ...observingMakers,
};

/** Makes nothing yet: each part is made when it is asked for, once. */
export function createDaemonContainer(foundations: Foundations) {
  const container = createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true });
  for (const key of Object.keys(foundations) as (keyof Foundations)[])
    container.register(key, asValue(foundations[key]));
  for (const key of Object.keys(makers) as (keyof typeof makers)[]) {
    const make: (cradle: Cradle) => unknown = makers[key];
    container.register(key, asFunction(make).singleton());
  }
  return container;
}
