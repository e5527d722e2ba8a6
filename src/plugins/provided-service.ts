/** A service of a plugin as deliveries see it: the same object whichever version runs, and where. */
import type { Logger } from 'pino';
import { configChecker } from './config-check.ts';
import { pluginLog } from './cradle.ts';
import type { EntryTraits } from './entry.ts';
import { variablesOf } from './host/hosted-cradle.ts';
import type { ManagedPlugin } from './managed-plugin.ts';
import type { ProvidedService } from './registry.ts';
import type { RunningPlugin } from './running-plugin.ts';
import type { Vault } from './vault.ts';

export interface ProvideOptions {
  vault: Vault;
  log: Logger;
  /** Starts a plugin that nobody needed until now. */
  wake: (plugin: ManagedPlugin) => Promise<RunningPlugin>;
}

export function provide(
  plugin: ManagedPlugin,
  service: string,
  { configSchema }: EntryTraits,
  { vault, log, wake }: ProvideOptions,
): ProvidedService {
  const { manifest, isBundled } = plugin;
  const hasSecrets = manifest.variables.some(({ isSecret }) => isSecret);
  return {
    name: service,
    plugin: plugin.name,
    log: pluginLog(log.child({ plugin: plugin.name, service })),
    secrets: variablesOf(() => vault.valuesOf(manifest)),
    get isFull() {
      return plugin.running?.isFull ?? false;
    },
    endpointOf: (subscription) => plugin.running?.endpointOf(service, subscription) ?? null,
    redact: hasSecrets ? (text) => vault.redactor(manifest)(text) : (text) => text,
    checkConfig: configSchema === null ? undefined : configChecker(configSchema, isBundled),
    call: (subscription, delivery, context) =>
      plugin.running === undefined
        ? wake(plugin).then((running) => running.call(service, subscription, delivery, context))
        : plugin.running.call(service, subscription, delivery, context),
  };
}
