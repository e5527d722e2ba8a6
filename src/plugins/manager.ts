/**
 * Keeps plugins running: loads them, swaps versions without a gap, holds those that miss a variable,
 * replaces those that crash, and disables those that crash again and again. A plugin that cannot be used
 * is a fact that is shown, never the end of the daemon.
 */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { PluginState } from '../model.ts';
import { firstLine } from '../one-line.ts';
import { HookRetry } from '../plugin-api/errors.ts';
import { checkedEntries } from './config-check.ts';
import type { CradleSources } from './cradle.ts';
import type { EntryTraits } from './entry.ts';
import type { Handlers } from './handlers.ts';
import { ManagedPlugin } from './managed-plugin.ts';
import { type BrokenPackage, conflictOf, findPlugins, groupsOf } from './packages.ts';
import { conditionOf, type PluginView, viewOf } from './plugin-view.ts';
import { provide, type ProvideOptions } from './provided-service.ts';
import { NoSuchPlugin, PluginRefused } from './refusals.ts';
import type { PluginRegistry } from './registry.ts';
import type { LoadedEntry, RunningPlugin } from './running-plugin.ts';
import { PluginStarter } from './starter.ts';
import type { Vault } from './vault.ts';

export interface ManagerOptions {
  registry: PluginRegistry;
  handlers: Handlers;
  vault: Vault;
  store: {
    pluginStates(): Promise<PluginState[]>;
    putPluginState(state: PluginState): Promise<void>;
    deletePluginState(name: string): Promise<void>;
    /** Cancels what is still to be delivered. */
    deleteSubscription(uuid: string): Promise<void>;
  };
  sources: Omit<CradleSources, 'api'>;
  serverUuid: string;
  /** Where the plugins that come with the daemon are; other places are for tests. */
  bundledDirectory?: string;
  log: Logger;
}

export class PluginManager {
  readonly #options: ManagerOptions;
  readonly #plugins = new Map<string, ManagedPlugin>();
  #broken: BrokenPackage[] = [];
  #isStopped = false;
  /** Changes of one plugin come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #draining = new Set<Promise<void>>();
  /** Why what ran has ended by itself: it may do so before it is adopted. */
  readonly #ended = new WeakMap<RunningPlugin, string>();
  readonly #starter: PluginStarter;
  readonly #provideOptions: ProvideOptions;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#starter = new PluginStarter(options);
    this.#provideOptions = {
      ...options,
      wake: (plugin) => this.#wakeFor(plugin),
    };
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
      const isKnown = plugin.recall(state?.traits ?? null);
      plugin.isEnabled = state?.isEnabled ?? true;
      plugin.reason = plugin.isEnabled ? null : (state?.reason ?? null);
      const conflict = conflictOf(plugin.manifest, this.#plugins.values());
      if (conflict !== undefined) plugin.entries = [];
      this.#plugins.set(plugin.name, plugin);
      if (conflict !== undefined) await this.#fail(plugin, conflict);
      else if (!plugin.isEnabled) await this.#publish(plugin);
      else if (plugin.isInline) await this.#tryStart([plugin]);
      else if (isKnown && !plugin.isListening) await this.#publish(plugin);
      else waiting.push(plugin);
    }
    await Promise.all(groupsOf(waiting, this.#isolation).map((group) => this.#tryStart(group)));
  }

  /** Lets go of every plugin, the one loaded last first. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn.catch(() => undefined);
    const running = [...this.#plugins.values()].reverse().flatMap(({ running: one }) => one ?? []);
    const [inline, hosted] = [
      running.filter(({ pid }) => pid === null),
      running.filter(({ pid }) => pid !== null),
    ];
    await Promise.all(hosted.map((one) => one.end()));
    for (const one of inline) await one.end();
    await Promise.all(this.#draining);
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
    return this.#inTurn(async () => {
      const former = this.#plugins.get(name);
      const found = this.#discover().find((plugin) => plugin.name === name);
      const broken = this.#broken.find(({ directory }) => directory.endsWith(`/${name}`));
      if (found === undefined && broken !== undefined) throw new PluginRefused(broken.reason);
      if (found === undefined) {
        if (former === undefined) throw new NoSuchPlugin(name);
        await this.#forget(former);
        return undefined;
      }
      if (found.isInline && former?.running !== undefined)
        throw new PluginRefused(
          `${name} runs inside the daemon: a new version is taken up when the daemon is started anew`,
        );
      await this.#swap(former, found);
      return this.#viewOf(this.#find(name));
    });
  }

  /** Its deliveries are attempted again. Throws {@link NoSuchPlugin}, {@link PluginRefused}. */
  enable(name: string): Promise<PluginView> {
    return this.#inTurn(async () => {
      const plugin = this.#find(name);
      if (plugin.isEnabled) return this.#viewOf(plugin);
      plugin.isEnabled = true;
      plugin.reason = null;
      plugin.forgive();
      try {
        await this.#load([plugin]);
      } catch (error) {
        plugin.isEnabled = false;
        plugin.reason = firstLine(messageOf(error));
        throw this.#refusal(plugin, error);
      }
      return this.#viewOf(plugin);
    });
  }

  /** Its deliveries wait from now on. Throws {@link NoSuchPlugin}. */
  disable(name: string, reason = byAdministrator): Promise<PluginView> {
    return this.#inTurn(async () => {
      const plugin = this.#find(name);
      await this.#disable(plugin, reason);
      return this.#viewOf(plugin);
    });
  }

  /** Takes effect at once, in a plugin that runs too. Throws {@link NoSuchPlugin}, `InvalidVariable`. */
  async setVariable(name: string, variable: string, value: string | null): Promise<void> {
    const plugin = this.#find(name);
    const { vault } = this.#options;
    const declared = plugin.manifest.variables.find((one) => one.name === variable);
    if (declared === undefined)
      throw new PluginRefused(
        `${name} declares no variable ${variable}; it declares ${plugin.manifest.variables.map((one) => one.name).join(', ') || 'none'}`,
      );
    if (value === null) await vault.unset(name, variable);
    else await vault.set(name, declared, value);
    plugin.running?.tell(vault.valuesOf(plugin.manifest));
    await this.#publish(plugin);
  }

  /** Encrypts all secrets anew; how many there are. */
  rekey(): Promise<number> {
    return this.#inTurn(() => this.#options.vault.rekey());
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

  get #isolation() {
    return this.#options.sources.config.plugins.isolation;
  }

  #discover(): ManagedPlugin[] {
    const { sources, bundledDirectory, log } = this.#options;
    const { plugins, broken } = findPlugins(sources.config.plugins, bundledDirectory, log);
    this.#broken = broken;
    return plugins;
  }

  /** Throws when their process does not live. */
  async #start(group: readonly ManagedPlugin[]): Promise<Map<string, RunningPlugin>> {
    const started = await this.#starter.start(group, (reason) => {
      for (const [name, running] of started) {
        this.#ended.set(running, reason);
        const plugin = this.#plugins.get(name);
        // What ended may be a former version that had a call to end: then nothing has changed for this one.
        if (plugin?.running === running) void this.#crashed(plugin, reason);
      }
    });
    return started;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.catch(() => undefined).then(work);
    this.#turn = result;
    return result;
  }

  async #tryStart(group: ManagedPlugin[]): Promise<void> {
    try {
      await this.#load(group);
    } catch (error) {
      for (const plugin of group) await this.#fail(plugin, messageOf(error));
    }
  }

  /** Starts plugins and publishes them. Throws when their process does not live. */
  async #load(group: ManagedPlugin[]): Promise<void> {
    const started = await this.#start(group);
    for (const plugin of group) {
      const running = started.get(plugin.name);
      if (running !== undefined) await this.#adopt(plugin, running);
    }
  }

  /** The version runs: from now on it serves. */
  async #adopt(plugin: ManagedPlugin, running: RunningPlugin): Promise<void> {
    const former = plugin.running;
    plugin.running = running;
    plugin.entries = checkedEntries(running.entries, plugin.isBundled);
    plugin.isListening = running.isListening;
    plugin.loads++;
    this.#reportLoad(plugin);
    await this.#publish(plugin);
    if (former !== undefined) this.#drain(former);
    if (!plugin.isEnabled) await this.#rest(plugin);
    await this.#keep(plugin);
    const ended = this.#ended.get(running);
    if (ended !== undefined && plugin.running === running) await this.#crashed(plugin, ended);
  }

  /** Stops what runs of it, once that has ended what it began. */
  async #rest(plugin: ManagedPlugin): Promise<void> {
    await this.#publish(plugin);
    if (plugin.running !== undefined) this.#drain(plugin.running);
    plugin.running = undefined;
  }

  #drain(running: RunningPlugin): void {
    const done = running.idle().then(() => running.end());
    this.#draining.add(done);
    void done.finally(() => this.#draining.delete(done));
  }

  /** Tells registry and matcher what the plugin offers at present. */
  async #publish(plugin: ManagedPlugin): Promise<void> {
    const { registry, handlers } = this.#options;
    const usable = plugin.entries.filter(
      (entry): entry is LoadedEntry & { traits: EntryTraits } => entry.traits !== null,
    );
    const services = usable.map(({ service, traits }) =>
      provide(plugin, service, traits, this.#provideOptions),
    );
    registry.replace(plugin.name, services, conditionOf(plugin, this.#options.vault) === 'loaded');
    for (const { service, traits } of usable) {
      if (traits.respondsTo !== null) await handlers.set(service, plugin.name, traits.respondsTo);
      else await handlers.remove(service);
    }
  }

  /** Starts a plugin that nobody needed until now. */
  #running(plugin: ManagedPlugin): Promise<RunningPlugin> {
    plugin.starting ??= this.#inTurn(async () => {
      if (plugin.running === undefined) await this.#load(this.#groupOf(plugin));
      if (plugin.running === undefined) throw new Error(`${plugin.name} does not run`);
      return plugin.running;
    }).finally(() => (plugin.starting = undefined));
    return plugin.starting;
  }

  /** The same for a call: what cannot be called now is tried again. */
  async #wakeFor(plugin: ManagedPlugin): Promise<RunningPlugin> {
    try {
      return await this.#running(plugin);
    } catch (error) {
      await this.#crashed(plugin, messageOf(error));
      throw new HookRetry({ error: messageOf(error) });
    }
  }

  /** The plugin with those that have to be started together with it. */
  #groupOf(plugin: ManagedPlugin): ManagedPlugin[] {
    if (plugin.isInline || this.#isolation === 'process') return [plugin];
    return [...this.#plugins.values()].filter((other) => !other.isInline && other.isEnabled);
  }

  async #swap(former: ManagedPlugin | undefined, found: ManagedPlugin): Promise<void> {
    const conflict = conflictOf(found.manifest, this.#plugins.values());
    if (conflict !== undefined) throw new PluginRefused(conflict);
    const group = this.#groupOf(found).map((one) => (one.name === found.name ? found : one));
    if (!group.includes(found)) group.push(found);
    let started: Map<string, RunningPlugin>;
    try {
      started = await this.#start(group);
    } catch (error) {
      throw this.#refusal(found, error);
    }
    const entries = checkedEntries(started.get(found.name)?.entries ?? [], found.isBundled);
    const problem = entries.find((entry) => entry.problem !== null);
    if (problem !== undefined && problem.problem !== null) {
      for (const running of started.values()) await running.end();
      throw new PluginRefused(`${problem.service}: ${problem.problem.message}`);
    }
    await this.#replace(former, found);
    for (const plugin of group) {
      const running = started.get(plugin.name);
      if (running !== undefined) await this.#adopt(this.#find(plugin.name), running);
    }
  }

  /** What is known of the plugin stays; the package is another one. */
  async #replace(former: ManagedPlugin | undefined, found: ManagedPlugin): Promise<void> {
    if (former === undefined) {
      this.#plugins.set(found.name, found);
      return;
    }
    const gone = former.manifest.entries.filter(
      ({ service }) => !found.manifest.entries.some((entry) => entry.service === service),
    );
    for (const { service } of gone) await this.#endHandler(service);
    former.manifest = found.manifest;
    // An administrator's word holds for the next version too; a crash is the former one's.
    if (former.reason === byAdministrator) return;
    former.isEnabled = true;
    former.reason = null;
    former.forgive();
  }

  async #forget(plugin: ManagedPlugin): Promise<void> {
    const { registry, store, vault, log } = this.#options;
    registry.replace(plugin.name, [], false);
    this.#plugins.delete(plugin.name);
    for (const { service } of plugin.entries) await this.#endHandler(service);
    if (plugin.running !== undefined) this.#drain(plugin.running);
    plugin.running = undefined;
    await vault.forget(plugin.name);
    await store.deletePluginState(plugin.name);
    log.info({ plugin: plugin.name, version: plugin.manifest.version }, `${plugin.name} removed`);
  }

  async #endHandler(service: string): Promise<void> {
    const { handlers, store } = this.#options;
    const uuid = await handlers.remove(service);
    if (uuid !== undefined) await store.deleteSubscription(uuid);
  }

  async #disable(plugin: ManagedPlugin, reason: string): Promise<void> {
    plugin.isEnabled = false;
    plugin.reason = reason;
    await this.#rest(plugin);
    await this.#keep(plugin);
    this.#options.log.warn({ plugin: plugin.name }, `${plugin.name} is disabled: ${reason}`);
  }

  /** Its process ended: what was in flight has failed; it begins anew after a pause, unless that is hopeless. */
  async #crashed(plugin: ManagedPlugin, reason: string): Promise<void> {
    const { log, vault } = this.#options;
    if (this.#isStopped) return;
    plugin.running = undefined;
    const shown = vault.redactor(plugin.manifest)(reason);
    log.error({ plugin: plugin.name }, `${plugin.name}: ${shown}`);
    if (plugin.crashed(performance.now())) {
      await this.#disable(
        plugin,
        `it crashed 5 times within 10 minutes, the last time because ${firstLine(shown)}`,
      );
      return;
    }
    plugin.isResting = true;
    await this.#publish(plugin);
    const timer = setTimeout(() => void this.#wake(plugin), plugin.backoff.next());
    timer.unref();
  }

  async #wake(plugin: ManagedPlugin): Promise<void> {
    if (this.#isStopped || !plugin.isResting || this.#plugins.get(plugin.name) !== plugin) return;
    plugin.isResting = false;
    if (plugin.isListening && plugin.isEnabled) {
      await this.#running(plugin).catch((error: unknown) =>
        this.#crashed(plugin, messageOf(error)),
      );
    } else {
      await this.#publish(plugin);
    }
  }

  /** What it is known to handle waits for a version that works. */
  async #fail(plugin: ManagedPlugin, reason: string): Promise<void> {
    plugin.reason = firstLine(reason);
    await this.#publish(plugin);
    this.#reportFailure(plugin, reason);
  }

  /** Whoever asked gets a line, and the log all there is. */
  #refusal(plugin: ManagedPlugin, error: unknown): PluginRefused {
    this.#reportFailure(plugin, messageOf(error));
    return new PluginRefused(firstLine(messageOf(error)), { cause: error });
  }

  #reportFailure({ name, manifest }: ManagedPlugin, reason: string): void {
    const { log, vault } = this.#options;
    log.error(
      { plugin: name, version: manifest.version },
      `${name} cannot be loaded: ${vault.redactor(manifest)(reason)}`,
    );
  }

  #reportLoad(plugin: ManagedPlugin): void {
    const { log } = this.#options;
    const { name, manifest, entries, loads } = plugin;
    for (const { service, problem } of entries) {
      if (problem === null) continue;
      log.error(
        { plugin: name, version: manifest.version, service, err: problem },
        `service skipped: ${problem.message}`,
      );
    }
    const services = entries.filter(({ traits }) => traits !== null).map(({ service }) => service);
    const what = loads === 1 ? 'loaded' : `reloaded (${loads - 1})`;
    log.info(
      { plugin: name, version: manifest.version, services, loads },
      `${name} ${manifest.version} ${what}: ${services.join(', ') || 'no service'}`,
    );
  }

  async #keep(plugin: ManagedPlugin): Promise<void> {
    const { name, isEnabled, reason, isInline } = plugin;
    const traits =
      isInline || plugin.entries.some(({ traits: one }) => one === null)
        ? null
        : plugin.keptTraits();
    await this.#options.store.putPluginState({ name, isEnabled, reason, traits });
  }
}

const byAdministrator = 'disabled by an administrator';
