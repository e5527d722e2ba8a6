/** The packages on the disk, as plugins to be managed. */
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { linkPluginApi } from './api-link.ts';
import { discoverPlugins, packageRoot } from './discovery.ts';
import { ManagedPlugin } from './managed-plugin.ts';
import type { PluginManifest } from './manifest.ts';

/** A package that cannot even be read. */
export interface BrokenPackage {
  directory: string;
  reason: string;
}

/** Of several packages of one name the first is taken. */
export function findPlugins(
  { directory, inline }: Config['plugins'],
  bundledDirectory: string | undefined,
  log: Logger,
): { plugins: ManagedPlugin[]; broken: BrokenPackage[] } {
  const plugins: ManagedPlugin[] = [];
  const broken: BrokenPackage[] = [];
  for (const found of discoverPlugins(directory, bundledDirectory)) {
    const { manifest, directory: place, isBundled } = found;
    if (manifest instanceof Error) {
      broken.push({ directory: place, reason: manifest.message });
      log.error({ directory: place }, `plugin skipped: ${manifest.message}`);
    } else if (!plugins.some(({ name }) => name === manifest.name)) {
      const problem = isBundled ? undefined : linkPluginApi(place, packageRoot);
      if (problem !== undefined) log.warn({ plugin: manifest.name }, problem);
      const isInline = isBundled || inline.includes(manifest.name);
      plugins.push(new ManagedPlugin(manifest, isBundled, isInline));
    }
  }
  return { plugins, broken };
}

/** Plugins that share a process. */
export function groupsOf(
  plugins: readonly ManagedPlugin[],
  isolation: Config['plugins']['isolation'],
): ManagedPlugin[][] {
  if (plugins.length === 0) return [];
  return isolation === 'shared' ? [[...plugins]] : plugins.map((plugin) => [plugin]);
}

/** Says which other plugin provides one of the services already; undefined when none does. */
export function conflictOf(
  manifest: PluginManifest,
  others: Iterable<ManagedPlugin>,
): string | undefined {
  for (const other of others) {
    if (other.name === manifest.name) continue;
    const shared = manifest.entries.find(({ service }) =>
      other.manifest.entries.some((entry) => entry.service === service),
    );
    if (shared !== undefined) return `${other.name} already provides the service ${shared.service}`;
  }
  return undefined;
}
