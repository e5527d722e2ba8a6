/**
 * Keeps plugins running: starts them, lets a version take the place of another without a gap, begins those
 * anew that crash, and disables those that crash again and again.
 */
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { firstLine } from '../one-line.ts';
import { HookRetry } from '../plugin-api/errors.ts';
import type { Turn } from '../turn.ts';
import { checkedEntries } from './config-check.ts';
import { reportFailure, reportLoad } from './load-report.ts';
import type { ManagedPlugin } from './managed-plugin.ts';
import type { PluginOffers } from './offers.ts';
import type { RunningPlugin } from './running-plugin.ts';
import type { PluginStarter } from './starter.ts';

export interface SupervisorOptions {
  plugins: ReadonlyMap<string, ManagedPlugin>;
  starter: PluginStarter;
  offers: PluginOffers;
  isolation: Config['plugins']['isolation'];
  /** Changes of one plugin come one after the other. */
  turn: Turn;
  log: Logger;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #isStopped = false;
  readonly #draining = new Set<Promise<void>>();
  /** Why what ran has ended by itself: it may do so before it is adopted. */
  readonly #ended = new WeakMap<RunningPlugin, string>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Lets go of every plugin, the one loaded last first. Never rejects. */
  async stop(): Promise<void> {
    const { plugins, turn } = this.#options;
    this.#isStopped = true;
    await turn.over();
    const running = [...plugins.values()].reverse().flatMap(({ running: one }) => one ?? []);
    const [inline, hosted] = [
      running.filter(({ pid }) => pid === null),
      running.filter(({ pid }) => pid !== null),
    ];
    await Promise.all(hosted.map((one) => one.end()));
    for (const one of inline) await one.end();
    await Promise.all(this.#draining);
  }

  /** The plugin with those that have to be started together with it. */
  groupOf(plugin: ManagedPlugin): ManagedPlugin[] {
    const { isolation, plugins } = this.#options;
    if (plugin.isInline || isolation === 'process') return [plugin];
    return [...plugins.values()].filter((other) => !other.isInline && other.isEnabled);
  }

  /** Starts them beside whatever runs. Throws when their process does not live. */
  async start(group: readonly ManagedPlugin[]): Promise<Map<string, RunningPlugin>> {
    const { starter, plugins } = this.#options;
    const started = await starter.start(group, (reason) => {
      for (const [name, running] of started) {
        this.#ended.set(running, reason);
        const plugin = plugins.get(name);
        // What ended may be a former version that had a call to end: then nothing has changed for this one.
        if (plugin?.running === running) void this.#crashed(plugin, reason);
      }
    });
    return started;
  }

  /** The version runs: from now on it serves. */
  async adopt(plugin: ManagedPlugin, running: RunningPlugin): Promise<void> {
    const { offers, log } = this.#options;
    const former = plugin.running;
    plugin.running = running;
    // With it those come back that crashed along with another.
    plugin.isResting = false;
    plugin.takeEntries(checkedEntries(running.entries, plugin.isBundled));
    plugin.isListening = running.isListening;
    plugin.loads++;
    reportLoad(log, plugin);
    try {
      await offers.publish(plugin);
    } finally {
      if (former !== undefined) this.#drain(former);
    }
    if (!plugin.isEnabled) await this.#rest(plugin);
    await this.#keep(plugin);
    const ended = this.#ended.get(running);
    if (ended !== undefined && plugin.running === running) await this.#crashed(plugin, ended);
  }

  /** Starts plugins and publishes them. Throws when their process does not live. */
  async load(group: readonly ManagedPlugin[]): Promise<void> {
    const started = await this.start(group);
    for (const plugin of group) {
      const running = started.get(plugin.name);
      if (running !== undefined) await this.adopt(plugin, running);
    }
  }

  /** The same; of those whose process does not live the reason is shown. */
  async tryToLoad(group: readonly ManagedPlugin[]): Promise<void> {
    try {
      await this.load(group);
    } catch (error) {
      for (const plugin of group) await this.fail(plugin, messageOf(error));
    }
  }

  /** What it is known to handle waits for a version that works. */
  async fail(plugin: ManagedPlugin, reason: string): Promise<void> {
    plugin.reason = firstLine(reason);
    await this.#options.offers.publish(plugin);
    reportFailure(this.#options.log, plugin, reason);
  }

  /** At once; whoever disables it sees to it that this is kept. */
  async disable(plugin: ManagedPlugin, reason: string): Promise<void> {
    plugin.isEnabled = false;
    plugin.reason = reason;
    await this.#rest(plugin);
    this.#options.log.warn({ plugin: plugin.name }, `${plugin.name} is disabled: ${reason}`);
  }

  /** Starts a plugin that nobody needed until now, for a call: what cannot be called now is tried again. */
  async wakeFor(plugin: ManagedPlugin): Promise<RunningPlugin> {
    try {
      return await this.#running(plugin);
    } catch (error) {
      throw new HookRetry({ error: messageOf(error) }, { endpoint: 'unknown' });
    }
  }

  /** Stops what runs of it, once that has ended what it began. */
  release(plugin: ManagedPlugin): void {
    if (plugin.running !== undefined) this.#drain(plugin.running);
    plugin.running = undefined;
  }

  /** Nobody waits for that: what the disk has no room for holds until the next start, which finds it out anew. */
  async #keep(plugin: ManagedPlugin): Promise<void> {
    const { offers, log } = this.#options;
    try {
      await offers.keep(plugin);
    } catch (error) {
      log.error(
        { plugin: plugin.name },
        `the state of ${plugin.name} cannot be kept: ${messageOf(error)}`,
      );
    }
  }

  /** Whether it was not removed meanwhile. */
  #isThere(plugin: ManagedPlugin): boolean {
    return this.#options.plugins.get(plugin.name) === plugin;
  }

  async #rest(plugin: ManagedPlugin): Promise<void> {
    await this.#options.offers.publish(plugin);
    this.release(plugin);
  }

  #drain(running: RunningPlugin): void {
    const done = running.idle().then(() => running.end());
    this.#draining.add(done);
    void done.finally(() => this.#draining.delete(done));
  }

  /** However many wait for it, it is started once, and has crashed once when that fails. */
  #running(plugin: ManagedPlugin): Promise<RunningPlugin> {
    plugin.starting ??= this.#options.turn
      .take(async () => {
        if (!this.#isThere(plugin)) throw new Error(`${plugin.name} was removed`);
        if (plugin.running === undefined) await this.load(this.groupOf(plugin));
        if (plugin.running === undefined) throw new Error(`${plugin.name} does not run`);
        return plugin.running;
      })
      .catch(async (error: unknown) => {
        await this.#crashed(plugin, messageOf(error));
        throw error;
      })
      .finally(() => (plugin.starting = undefined));
    return plugin.starting;
  }

  /** Its process ended: what was in flight has failed; it begins anew after a pause, unless that is hopeless. Never rejects. */
  async #crashed(plugin: ManagedPlugin, reason: string): Promise<void> {
    const { offers, log } = this.#options;
    if (this.#isStopped || !this.#isThere(plugin)) return;
    plugin.running = undefined;
    log.error({ plugin: plugin.name }, `${plugin.name}: ${reason}`);
    if (plugin.crashed(performance.now())) {
      await this.disable(
        plugin,
        `it crashed 5 times within 10 minutes, the last time because ${firstLine(reason)}`,
      );
      await this.#keep(plugin);
      return;
    }
    plugin.isResting = true;
    await offers.publish(plugin);
    const timer = setTimeout(() => void this.#wake(plugin), plugin.backoff.next());
    timer.unref();
  }

  async #wake(plugin: ManagedPlugin): Promise<void> {
    const { offers } = this.#options;
    if (this.#isStopped || !plugin.isResting || !this.#isThere(plugin)) return;
    plugin.isResting = false;
    if (plugin.isListening && plugin.isEnabled) {
      // When that fails it has been said, and the next try is on its way.
      await this.#running(plugin).catch(() => undefined);
    } else {
      await offers.publish(plugin);
    }
  }
}
