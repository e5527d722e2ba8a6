/** Lets a plugin run from its folder for a while, in place of the version that is installed. */
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  activate,
  currentOf,
  goBack,
  makeProject,
  markProject,
  putInSlot,
  slotOf,
  tidy,
} from '../../plugins/installed.ts';

/**
 * Puts a link to the folder where the installed version was.
 *
 * @param directory `plugins.directory`
 * @returns what takes it away again, and says whether it did: another version may have been installed meanwhile, or
 * the plugin removed
 */
export function lend(folder: string, plugin: string, directory: string): () => boolean {
  const project = makeProject(directory);
  const link = join(project, 'node_modules', plugin);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(folder, link, 'dir');
  const slot = slotOf(directory, plugin);
  const former = installedIn(slot, plugin);
  markProject(project, {
    plugin,
    spec: folder,
    former: former === undefined ? undefined : basename(former),
  });
  const place = putInSlot(project, directory, plugin);
  activate(place);
  return () => {
    if (currentOf(slot) !== place || !goBack(slot, former)) return false;
    tidy(slot, [former]);
    return true;
  };
}

/** The version that was installed; what is in use may be a link that a killed command has left behind. */
function installedIn(slot: string, plugin: string): string | undefined {
  const isInstalled = (place: string) =>
    lstatSync(join(place, 'node_modules', plugin), { throwIfNoEntry: false })?.isDirectory() ===
    true;
  const current = currentOf(slot);
  if (current === undefined || isInstalled(current)) return current;
  // Their names are times.
  const places = readdirSync(slot).sort();
  return places.map((place) => join(slot, place)).findLast(isInstalled);
}
