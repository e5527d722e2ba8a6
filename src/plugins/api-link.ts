/** Plugins import `webhookd/plugin`: beside them that has to be this very daemon. */
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { isThere } from './installed.ts';

/** The `node_modules` a package lies in; undefined when it lies elsewhere. */
function modulesAround(directory: string): string | undefined {
  const [, around] = /^(.*[/\\]node_modules)[/\\](@[^/\\]+[/\\])?[^/\\]+$/.exec(directory) ?? [];
  return around;
}

/**
 * Links the daemon into the folder a plugin was installed in, unless something is there.
 *
 * @returns why that is impossible; undefined when all is well
 */
export function linkPluginApi(plugin: string, packageRoot: string): string | undefined {
  const modules = modulesAround(plugin);
  if (modules === undefined) return undefined;
  const link = join(modules, 'webhookd');
  if (isThere(link)) return undefined;
  try {
    symlinkSync(packageRoot, link, 'dir');
    return undefined;
  } catch (error) {
    return `${dirname(link)}: a link to webhookd cannot be made, and plugins may fail to import webhookd/plugin: ${messageOf(error)}`;
  }
}
