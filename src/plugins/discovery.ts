/** Finds plugins on the disk. */
import { type Dirent, existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf } from '../errors.ts';
import { oneLine } from '../one-line.ts';
import { currentOf, installedDirectory, isThere, packageIn, pluginOfSlot } from './installed.ts';
import { parseManifest, type PluginManifest, readPackage } from './manifest.ts';

/** The daemon's own package: bundled plugins are beside its code. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const bundledDirectory = join(packageRoot, 'plugins');

/** A package that wants to be a plugin. */
export interface FoundPlugin {
  directory: string;
  isBundled: boolean;
  /** The manifest, or why it cannot be used. */
  manifest: PluginManifest | Error;
}

/**
 * Bundled plugins first, then those installed with `webhookd plugin install`, then those installed with
 * npm alone, each group in the order of names.
 *
 * @param pluginsDirectory `plugins.directory` of the configuration; need not exist
 */
export function discoverPlugins(
  pluginsDirectory: string,
  bundled = bundledDirectory,
): FoundPlugin[] {
  return [
    ...directoriesIn(bundled).map((directory) => inspect(directory, true)),
    ...activeVersions(pluginsDirectory),
    ...discoverInstalled(join(pluginsDirectory, 'node_modules')),
  ].filter((found) => found !== undefined);
}

/**
 * Packages in the version that is in use, by their real paths: no two versions share one. Where `current` leads to
 * nothing, something went wrong: the plugin cannot be used, but nobody removed it.
 */
function activeVersions(pluginsDirectory: string): FoundPlugin[] {
  return directoriesIn(installedDirectory(pluginsDirectory)).flatMap((slot) => {
    const current = join(slot, 'current');
    if (!isThere(current)) return [];
    const name = packageIn(current) ?? pluginOfSlot(slot);
    const version = existsSync(current) ? realpathSync(current) : (currentOf(slot) ?? current);
    const directory = join(version, 'node_modules', name);
    const manifest = new Error(
      `the version in use has no plugin; install ${name} anew, or remove it`,
    );
    return [inspect(directory, false) ?? { directory, isBundled: false, manifest }];
  });
}

/** A folder that cannot be read is reported like a plugin that cannot be used. */
function discoverInstalled(nodeModules: string): (FoundPlugin | undefined)[] {
  try {
    return installedPackages(nodeModules).map((directory) => inspect(directory, false));
  } catch (error) {
    return [
      {
        directory: nodeModules,
        isBundled: false,
        manifest: new Error(`cannot be read: ${messageOf(error)}`),
      },
    ];
  }
}

/** Characters of a reason that are shown. */
const longestReason = 500;

function inspect(directory: string, isBundled: boolean): FoundPlugin | undefined {
  try {
    const content = readPackage(directory);
    if (content === undefined || (isBundled && !comesAlong(content))) return undefined;
    return { directory, isBundled, manifest: parseManifest(directory, content) };
  } catch (error) {
    const message = messageOf(error);
    const reason = error instanceof SyntaxError ? `package.json is not JSON: ${message}` : message;
    // It quotes what the package says.
    const shown = oneLine(
      reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason,
    );
    return { directory, isBundled, manifest: new Error(shown, { cause: error }) };
  }
}

/** Among the packages beside the daemon's code some are examples, to be installed like any other. */
const comesAlong = (content: unknown) =>
  (content as { webhookd: { bundled?: unknown } }).webhookd.bundled === true;

function installedPackages(nodeModules: string): string[] {
  return directoriesIn(nodeModules).flatMap((directory) =>
    /[/\\]@[^/\\]+$/.test(directory) ? directoriesIn(directory) : [directory],
  );
}

/** Subdirectories, links to directories included; none when there is no such directory. */
function directoriesIn(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
  return entries
    .filter(
      (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'),
    )
    .map((entry) => join(directory, entry.name))
    .sort();
}
