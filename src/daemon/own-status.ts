/** The daemon's own parts of `GET /1.0/status`. */
import type { JsonObject } from '../model.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { PluginRegistry } from '../plugins/registry.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import type { Cradle } from './cradle.ts';

/** Adds them to what plugins say. */
export function addOwnStatus({
  status,
  consumer,
  commits,
  intake,
  registry,
  plugins,
  subscriptions,
  masterTenant,
  wazoAuth,
}: Cradle): void {
  const word = (isFine: boolean) => (isFine ? 'ok' : 'fail');
  status.addProvider((parts) => {
    parts['bus_consumer'] = { status: word(consumer.isConsuming), dead_lettered: intake.rejected };
    parts['master_tenant'] = {
      status: word(masterTenant.uuid !== undefined),
      ...(wazoAuth?.failure === undefined ? {} : { error: wazoAuth.failure }),
    };
    parts['store'] = {
      status: word(commits.failure === undefined),
      error: commits.failure?.message ?? null,
    };
    parts['plugins'] = pluginStatus(plugins, registry, subscriptions);
  });
}

/** Fails when a package cannot be used as it is meant to. */
function pluginStatus(
  plugins: PluginManager,
  registry: PluginRegistry,
  subscriptions: SubscriptionService,
): JsonObject {
  const views = plugins.list();
  const failed = [
    ...plugins.broken.map(({ directory, reason }) => ({
      plugin: directory,
      service: null,
      reason,
    })),
    ...views.flatMap(({ name, state, reason, entries }) => [
      ...(state === 'failed' ? [{ plugin: name, service: null, reason }] : []),
      ...entries.flatMap(({ service, problem }) =>
        problem === null || problem.startsWith('enabled_services')
          ? []
          : [{ plugin: name, service, reason: problem }],
      ),
    ]),
  ];
  const waiting = views
    .filter(({ state }) => state !== 'loaded' && state !== 'failed')
    .map(({ name, state, reason }) => ({ plugin: name, state, reason }));
  return {
    status: failed.length === 0 ? 'ok' : 'fail',
    services: registry.names(),
    failed,
    waiting,
    // Services that subscriptions name and nobody provides: their deliveries wait.
    missing: [...new Set(subscriptions.list().map(({ service }) => service))].filter(
      (service) => registry.providerOf(service) === undefined,
    ),
  };
}
