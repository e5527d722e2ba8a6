/** Plugins, and what they are given. */
import { EventTaps } from '../../plugins/event-taps.ts';
import { Handlers } from '../../plugins/handlers.ts';
import { KeyFile } from '../../plugins/key-file.ts';
import { PluginManager } from '../../plugins/manager.ts';
import { PluginRegistry } from '../../plugins/registry.ts';
import { Vault } from '../../plugins/vault.ts';
import type { Makers } from '../cradle.ts';
import { secretKeyFile } from '../paths.ts';

export const pluginMakers = {
  registry: (cradle) => new PluginRegistry(() => cradle.dispatcher.reconsiderAll()),
  handlers: ({ matcher, bindings }) => new Handlers({ matcher, bindings }),
  vault: ({ store, config, log }) =>
    new Vault(store, KeyFile.locate(config.plugins.secretKeyFile, secretKeyFile(config)), log),
  taps: ({ bindings, log }) => new EventTaps(bindings, log),
  plugins: (cradle) =>
    new PluginManager({
      registry: cradle.registry,
      handlers: cradle.handlers,
      vault: cradle.vault,
      store: cradle.store,
      sources: {
        taps: cradle.taps,
        publish: cradle.publish,
        config: cradle.config,
        masterTenant: cradle.masterTenant,
        subscriptions: cradle.subscriptions,
        addStatusProvider: (provider) => cradle.status.addProvider(provider),
      },
      serverUuid: cradle.serverUuid,
      log: cradle.log,
    }),
} satisfies Partial<Makers>;
