/** What plugins offer at present, and what is known of them over restarts. */
import type { PluginState } from '../model.ts';
import type { EntryTraits } from './entry.ts';
import type { Handlers } from './handlers.ts';
import type { ManagedPlugin } from './managed-plugin.ts';
import { conditionOf } from './plugin-view.ts';
import { provide, type ProvideOptions } from './provided-service.ts';
import type { PluginRegistry } from './registry.ts';
import type { LoadedEntry } from './running-plugin.ts';

export interface OffersOptions extends ProvideOptions {
  registry: PluginRegistry;
  handlers: Handlers;
  store: {
    putPluginState(state: PluginState): Promise<void>;
    deletePluginState(name: string): Promise<void>;
    /** Cancels what is still to be delivered. */
    deleteSubscription(uuid: string): Promise<void>;
  };
}

export class PluginOffers {
  constructor(private readonly options: OffersOptions) {}

  /** Tells registry and matcher what the plugin offers at present. */
  async publish(plugin: ManagedPlugin): Promise<void> {
    const { registry, handlers, vault } = this.options;
    const known = plugin.entries.filter(
      (entry): entry is LoadedEntry & { traits: EntryTraits } => entry.traits !== null,
    );
    const services = known
      .filter(({ problem }) => problem === null)
      .map(({ service, traits }) => provide(plugin, service, traits, this.options));
    registry.replace(plugin.name, services, conditionOf(plugin, vault) === 'loaded');
    for (const { service, traits } of known) {
      if (traits.respondsTo !== null) await handlers.set(service, plugin.name, traits.respondsTo);
      else await handlers.remove(service);
    }
  }

  /** Keeps what the next start has to know. */
  async keep(plugin: ManagedPlugin): Promise<void> {
    const { name, isEnabled, reason } = plugin;
    const traits = plugin.keptTraits();
    await this.options.store.putPluginState({ name, isEnabled, reason, traits });
  }

  /** The plugin is there no more. */
  async withdraw(plugin: ManagedPlugin): Promise<void> {
    this.options.registry.replace(plugin.name, [], false);
    for (const { service } of plugin.entries) await this.endHandler(service);
  }

  /** With its variables, and whether it was disabled. */
  async forget({ name }: Pick<ManagedPlugin, 'name'>): Promise<void> {
    const { vault, store } = this.options;
    await vault.forget(name);
    await store.deletePluginState(name);
  }

  /** Cancels what waits for a handler that is there no more. */
  async endHandler(service: string): Promise<void> {
    const { handlers, store } = this.options;
    const uuid = await handlers.remove(service);
    if (uuid !== undefined) await store.deleteSubscription(uuid);
  }
}
