/** Loads a package the way the daemon does, in a process of its own, and lets go of it. */
import { messageOf } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { firstLine } from '../one-line.ts';
import { checkedEntries } from './config-check.ts';
import { HostProcess } from './host/host-process.ts';
import type { HostLimits } from './host/limits.ts';
import type { PluginManifest } from './manifest.ts';
import { environmentOf, type LoadedEntry } from './running-plugin.ts';

/** What a package does when it is loaded. */
export interface Trial {
  entries: readonly LoadedEntry[];
  /** What it said meanwhile. */
  output: string[];
}

/**
 * What it asks of the bus or of subscriptions leads nowhere.
 *
 * @throws Error with one line of why, when its process does not live long enough
 */
export async function tryToLoad(manifest: PluginManifest, limits: HostLimits): Promise<Trial> {
  const output: string[] = [];
  const nothing = () => Promise.resolve();
  const host = new HostProcess({
    name: manifest.name,
    limits,
    serve: {
      log: (lines) => output.push(...lines.map(({ message }) => message)),
      publish: nothing,
      tap: nothing,
      untap: nothing,
      bindings: () => Promise.resolve([]),
      subscription: () => Promise.resolve([]),
    },
    onOutput: (line) => output.push(line),
    onCrash: () => undefined,
    onSlowed: () => undefined,
    onMissed: () => undefined,
  });
  try {
    const { entries } = await host.load({
      plugin: manifest.name,
      directory: manifest.directory,
      entries: manifest.entries,
      variables: Object.fromEntries(
        manifest.variables.map(({ name, default: value }) => [name, value ?? '']),
      ),
      environment: environmentOf(manifest, 'trial'),
      config: {} satisfies JsonObject,
    });
    return { entries: checkedEntries(entries, false), output };
  } catch (error) {
    throw new Error(firstLine(messageOf(error)), { cause: error });
  } finally {
    await host.end();
  }
}
