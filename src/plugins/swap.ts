/** Another version of a plugin takes the place of the one that serves, or the plugin goes. */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import { firstLine } from '../one-line.ts';
import { checkedEntries } from './config-check.ts';
import { reportFailure } from './load-report.ts';
import type { ManagedPlugin } from './managed-plugin.ts';
import type { PluginOffers } from './offers.ts';
import { conflictOf } from './packages.ts';
import { PluginRefused } from './refusals.ts';
import type { RunningPlugin } from './running-plugin.ts';
import type { Supervisor } from './supervisor.ts';

export interface SwapOptions {
  plugins: Map<string, ManagedPlugin>;
  supervisor: Supervisor;
  offers: PluginOffers;
  log: Logger;
}

/**
 * The former version serves until the new one is ready, and ends what it began.
 *
 * @throws PluginRefused with the reason; the former version goes on serving then
 */
export async function swap(
  options: SwapOptions,
  former: ManagedPlugin | undefined,
  found: ManagedPlugin,
): Promise<void> {
  const { plugins, supervisor } = options;
  const conflict = conflictOf(found.manifest, plugins.values());
  if (conflict !== undefined) throw new PluginRefused(conflict);
  const group = supervisor.groupOf(found).map((one) => (one.name === found.name ? found : one));
  if (!group.includes(found)) group.push(found);
  let started: Map<string, RunningPlugin>;
  try {
    started = await supervisor.start(group);
  } catch (error) {
    throw refusalOf(options.log, found, error);
  }
  try {
    await takeUp(options, former, found, started);
  } catch (error) {
    // Nobody else knows of what serves for nobody.
    for (const [name, running] of started)
      if (plugins.get(name)?.running !== running) await running.end();
    throw error;
  }
}

/** Gives those that were started their places. */
async function takeUp(
  options: SwapOptions,
  former: ManagedPlugin | undefined,
  found: ManagedPlugin,
  started: ReadonlyMap<string, RunningPlugin>,
): Promise<void> {
  const { plugins, supervisor } = options;
  const entries = checkedEntries(started.get(found.name)?.entries ?? [], found.isBundled);
  const problem = entries.find((entry) => entry.problem !== null);
  if (problem !== undefined && problem.problem !== null)
    throw new PluginRefused(`${problem.service}: ${problem.problem.message}`);
  if (former === undefined) plugins.set(found.name, found);
  else await replace(options, former, found);
  for (const [name, running] of started) {
    const plugin = plugins.get(name);
    if (plugin !== undefined) await supervisor.adopt(plugin, running);
  }
}

/** What cannot be loaded is refused: whoever asked gets a line, and the log all there is. */
export function refusalOf(log: Logger, plugin: ManagedPlugin, error: unknown): PluginRefused {
  reportFailure(log, plugin, messageOf(error));
  return new PluginRefused(firstLine(messageOf(error)), { cause: error });
}

/** What is known of the plugin stays; the package is another one. */
async function replace(
  { offers }: SwapOptions,
  former: ManagedPlugin,
  { manifest }: ManagedPlugin,
): Promise<void> {
  const gone = former.manifest.entries.filter(
    ({ service }) => !manifest.entries.some((entry) => entry.service === service),
  );
  try {
    for (const { service } of gone) await offers.endHandler(service);
  } catch (error) {
    await offers.publish(former);
    throw error;
  }
  former.takeVersion(manifest);
}

/** The package is there no more: with its variables, and what waits for its handlers. What fails half-way can be asked for again. */
export async function forget(
  { plugins, supervisor, offers, log }: SwapOptions,
  plugin: ManagedPlugin,
): Promise<void> {
  supervisor.release(plugin);
  await offers.withdraw(plugin);
  await offers.forget(plugin);
  plugins.delete(plugin.name);
  log.info({ plugin: plugin.name, version: plugin.manifest.version }, `${plugin.name} removed`);
}
