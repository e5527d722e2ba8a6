/**
 * Knows every plugin and what state it is in, and does what administrators ask for. A plugin that cannot be
 * used is a fact that is shown, never the end of the daemon.
 */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { PluginState } from '../model.ts';
import { firstLine } from '../one-line.ts';
import { Turn } from '../turn.ts';
import type { CradleSources } from './cradle.ts';
import type { Handlers } from './handlers.ts';
import { byAdministrator, keptEntries, type ManagedPlugin } from './managed-plugin.ts';
import { type OffersOptions, PluginOffers } from './offers.ts';
import { type BrokenPackage, conflictOf, findPlugins, groupsOf } from './packages.ts';
import { conditionOf, type PluginView, viewOf } from './plugin-view.ts';
import { NoSuchPlugin, PluginRefused } from './refusals.ts';
import type { PluginRegistry } from './registry.ts';
import { PluginStarter } from './starter.ts';
import { Supervisor } from './supervisor.ts';
import { forget, refusalOf, swap, type SwapOptions } from './swap.ts';
import type { Vault } from './vault.ts';

export interface ManagerOptions {
  registry: PluginRegistry;
  handlers: Handlers;
  vault: Vault;
  store: OffersOptions['store'] & { pluginStates(): Promise<PluginState[]> };
  sources: Omit<CradleSources, 'api'>;
  serverUuid: string;
  /** Where the plugins that come with the daemon are; other places are for tests. */
  bundledDirectory?: string;
  log: Logger;
}

const isOf =
  (name: string) =>
  ({ directory }: BrokenPackage) =>
    directory.endsWith(`/${name}`);

export class PluginManager {
  readonly #options: ManagerOptions;
  readonly #plugins = new Map<string, ManagedPlugin>();
  #broken: BrokenPackage[] = [];
  /** Of broken packages: handlers that go on collecting what a package that works will handle. */
  readonly #awaited = new Map<string, string[]>();
  readonly #turn = new Turn();
  readonly #starter: PluginStarter;
  readonly #offers: PluginOffers;
  readonly #supervisor: Supervisor;
  readonly #swapOptions: SwapOptions;

  constructor(options: ManagerOptions) {
    const { log } = options;
    this.#options = options;
    this.#starter = new PluginStarter(options);
    this.#offers = new PluginOffers({
      ...options,
      wake: (plugin) => this.#supervisor.wakeFor(plugin),
    });
    const parts = { plugins: this.#plugins, offers: this.#offers, log };
    this.#supervisor = new Supervisor({
      ...parts,
      starter: this.#starter,
      isolation: this.#isolation,
      turn: this.#turn,
    });
    this.#swapOptions = { ...parts, supervisor: this.#supervisor };
  }

  /**
   * Loads every plugin there is; those with processes of their own at the same time. Never rejects because
   * of a plugin.
   *
   * @param api where plugins inside the daemon add their routes
   */
  async start(api: FastifyInstance): Promise<void> {
    const { store } = this.#options;
    this.#starter.useApi(api);
    const states = new Map((await store.pluginStates()).map((state) => [state.name, state]));
    const waiting: ManagedPlugin[] = [];
    for (const plugin of this.#discover()) {
      const state = states.get(plugin.name);
      const isKnown = plugin.recall(state?.traits ?? null, this.#isDisabled);
      plugin.isEnabled = state?.isEnabled ?? true;
      plugin.reason = plugin.isEnabled ? null : (state?.reason ?? null);
      const conflict = conflictOf(plugin.manifest, this.#plugins.values());
      if (conflict !== undefined) plugin.entries = [];
      this.#plugins.set(plugin.name, plugin);
      if (conflict !== undefined) await this.#supervisor.fail(plugin, conflict);
      else if (!plugin.isEnabled) await this.#offers.publish(plugin);
      else if (plugin.isInline) await this.#supervisor.tryToLoad([plugin]);
      else if (isKnown && !plugin.isListening) await this.#offers.publish(plugin);
      else waiting.push(plugin);
    }
    for (const state of states.values()) await this.#await(state);
    await Promise.all(
      groupsOf(waiting, this.#isolation).map((group) => this.#supervisor.tryToLoad(group)),
    );
  }

  /** A package that was replaced by one that cannot be used is as good as one that cannot be loaded: its events wait. */
  async #await({ name, traits }: PluginState): Promise<void> {
    const { handlers } = this.#options;
    if (!this.#broken.some(isOf(name)) || this.#plugins.has(name)) return;
    const services: string[] = [];
    for (const { service, traits: known } of keptEntries(traits)) {
      if (known.respondsTo === null || this.#isDisabled(service)) continue;
      await handlers.set(service, name, known.respondsTo);
      services.push(service);
    }
    this.#awaited.set(name, services);
  }

  /** The package can be used again, or is gone: what it no longer has is waited for no more. */
  async #awaitNoMore(name: string, found: ManagedPlugin | undefined): Promise<void> {
    const still = new Set(found?.manifest.entries.map(({ service }) => service));
    for (const service of this.#awaited.get(name) ?? [])
      if (!still.has(service)) await this.#offers.endHandler(service);
    if (found === undefined) await this.#offers.forget({ name });
    this.#awaited.delete(name);
  }

  /** Lets go of every plugin, the one loaded last first. Never rejects. */
  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  /** The daemon waits no longer for calls in flight. */
  cut(): void {
    for (const { running } of this.#plugins.values()) running?.cut();
  }

  list(): PluginView[] {
    return [...this.#plugins.values()].map((plugin) => this.#viewOf(plugin));
  }

  get broken(): readonly BrokenPackage[] {
    return this.#broken;
  }

  /** Throws {@link NoSuchPlugin}. */
  get(name: string): PluginView {
    return this.#viewOf(this.#find(name));
  }

  /**
   * Takes up the version that is installed now, or that there is none any more. The former one serves
   * until the new one is ready, and ends what it began.
   *
   * @throws NoSuchPlugin, PluginRefused with the reason; the former version goes on serving then
   */
  reload(name: string): Promise<PluginView | undefined> {
    return this.#turn.take(async () => {
      const former = this.#plugins.get(name);
      const wasBroken = this.#broken.some(isOf(name));
      const found = this.#discover().find((plugin) => plugin.name === name);
      const broken = this.#broken.find(isOf(name));
      if (found === undefined && broken !== undefined) throw new PluginRefused(broken.reason);
      if (found === undefined) {
        if (former !== undefined) await forget(this.#swapOptions, former);
        else if (wasBroken) await this.#awaitNoMore(name, undefined);
        else throw new NoSuchPlugin(name);
        return undefined;
      }
      if (found.isInline && former?.running !== undefined)
        throw new PluginRefused(
          `${name} runs inside the daemon: a new version is taken up when the daemon is started anew`,
        );
      await swap(this.#swapOptions, former, found);
      if (this.#awaited.has(name)) await this.#awaitNoMore(name, found);
      return this.#viewOf(this.#find(name));
    });
  }

  /**
   * Its deliveries are attempted again. Throws {@link NoSuchPlugin}, {@link PluginRefused}, and `StoreUnavailable`
   * when the next start will not know of it.
   */
  enable(name: string): Promise<PluginView> {
    return this.#turn.take(async () => {
      const plugin = this.#find(name);
      if (!plugin.isEnabled) await this.#enable(plugin);
      await this.#offers.keep(plugin);
      return this.#viewOf(plugin);
    });
  }

  async #enable(plugin: ManagedPlugin): Promise<void> {
    plugin.isEnabled = true;
    plugin.reason = null;
    plugin.forgive();
    try {
      await this.#supervisor.load([plugin]);
    } catch (error) {
      plugin.isEnabled = false;
      plugin.reason = firstLine(messageOf(error));
      throw refusalOf(this.#options.log, plugin, error);
    }
  }

  /** Its deliveries wait from now on. Throws {@link NoSuchPlugin}, and `StoreUnavailable` as {@link enable} does. */
  disable(name: string, reason = byAdministrator): Promise<PluginView> {
    return this.#turn.take(async () => {
      const plugin = this.#find(name);
      await this.#supervisor.disable(plugin, reason);
      await this.#offers.keep(plugin);
      return this.#viewOf(plugin);
    });
  }

  /** Takes effect at once, in a plugin that runs too. Throws {@link NoSuchPlugin}, `InvalidVariable`. */
  async setVariable(name: string, variable: string, value: string | null): Promise<void> {
    const plugin = this.#find(name);
    const { vault, log } = this.#options;
    const before = conditionOf(plugin, vault);
    const declared = plugin.manifest.variables.find((one) => one.name === variable);
    if (declared === undefined)
      throw new PluginRefused(
        `${name} declares no variable ${variable}; it declares ${plugin.manifest.variables.map((one) => one.name).join(', ') || 'none'}`,
      );
    if (value === null) await vault.unset(name, variable);
    else await vault.set(name, declared, value);
    plugin.running?.tell(vault.valuesOf(plugin.manifest));
    await this.#offers.publish(plugin);
    const now = conditionOf(plugin, vault);
    if (now === before) return;
    const missing = vault.missing(plugin.manifest).join(', ');
    log.info({ plugin: name }, `${name} is ${now}${now === 'held' ? `: not set: ${missing}` : ''}`);
  }

  /** Encrypts all secrets anew; how many there are. */
  rekey(): Promise<number> {
    return this.#turn.take(() => this.#options.vault.rekey());
  }

  #find(name: string): ManagedPlugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) throw new NoSuchPlugin(name);
    return plugin;
  }

  #viewOf(plugin: ManagedPlugin): PluginView {
    const { vault, sources } = this.#options;
    return viewOf(plugin, vault, sources.config.enabledServices);
  }

  /** Whether the configuration says that a service is not wanted. */
  readonly #isDisabled = (service: string): boolean =>
    this.#options.sources.config.enabledServices[service] === false;

  get #isolation() {
    return this.#options.sources.config.plugins.isolation;
  }

  #discover(): ManagedPlugin[] {
    const { sources, bundledDirectory, log } = this.#options;
    const { plugins, broken } = findPlugins(sources.config.plugins, bundledDirectory, log);
    this.#broken = broken;
    return plugins;
  }
}
