/** Plugins on this machine's disk, and the daemon that runs them. */
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../errors.ts';
import { oneLine } from '../../one-line.ts';
import { limitsOf } from '../../plugins/host/limits.ts';
import { tryToLoad } from '../../plugins/trial.ts';
import type { PluginManifest } from '../../plugins/manifest.ts';
import { connect, NoDaemon } from '../client.ts';
import type { RemoteOptions } from '../options.ts';

/** What the API says of a plugin. */
export interface Plugin {
  name: string;
  version: string;
  directory: string;
  state: string;
  reason: string | null;
  bundled: boolean;
  inline: boolean;
  pid: number | null;
  entries: { service: string; responds_to: string[] | null; problem: string | null }[];
  missing: string[];
}

export const pluginsConfig = ({ config: file }: RemoteOptions) =>
  loadConfig({ file }).config.plugins;

export const pluginPath = (name: string, rest = '') => `plugins/${encodeURIComponent(name)}${rest}`;

/** @throws UserError when it does not load */
export async function checkLoads(manifest: PluginManifest, options: RemoteOptions) {
  const plugins = pluginsConfig(options);
  const { entries, output } = await tryToLoad(manifest, limitsOf(plugins)).catch(
    (error: unknown) => {
      throw new UserError(`${manifest.name} does not load: ${(error as Error).message}`, 1, {
        cause: error,
      });
    },
  );
  const broken = entries.find(({ problem }) => problem !== null);
  if (broken !== undefined && broken.problem !== null)
    throw new UserError(
      [`${manifest.name} does not load: ${broken.service}: ${broken.problem.message}`, ...output]
        .join('\n  ')
        .trim(),
    );
}

/**
 * Has the daemon take up what lies on the disk.
 *
 * @returns the plugin; null when it is gone; undefined when no daemon runs
 */
export async function reload(
  name: string,
  options: RemoteOptions,
): Promise<Plugin | null | undefined> {
  try {
    // Beside what every answer may take: who gives up too early goes back while the daemon still goes on.
    const timeout = 30_000 + pluginsConfig(options).loadTimeout * 1000;
    const call = connect(options, timeout);
    return ((await call('POST', pluginPath(name, '/reload'))) as Plugin | undefined) ?? null;
  } catch (error) {
    if (error instanceof NoDaemon) return undefined;
    throw error;
  }
}

/** One line of how a plugin is; when it is held, with what to do about it. */
export function describePlugin({ name, version, state, reason, entries, missing }: Plugin): string {
  const services = entries.map(({ service, problem }) =>
    problem === null ? service : `${service} (${problem})`,
  );
  const why = reason === null ? '' : `: ${reason}`;
  const toDo =
    state === 'held' ? missing.map((variable) => `  webhookd secret set ${name} ${variable}`) : [];
  return [`${name} ${version} ${state}${why} · ${services.join(', ')}`, ...toDo]
    .map(oneLine)
    .join('\n');
}
