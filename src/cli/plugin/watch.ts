/** Files that are saved below a folder. */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

interface WatchedFolder {
  watcher: FSWatcher;
  /** Of the folder that is watched: another one may have its name by now. */
  inode: number;
}

/**
 * Each folder is watched by itself: what Node calls recursive watches files, on Linux, and no longer sees
 * one that an editor, a formatter or git has replaced.
 *
 * @param ignored paths below the folder
 */
export function watchTree(
  root: string,
  ignored: RegExp,
  signal: AbortSignal,
  onSave: () => void,
): void {
  const watched = new Map<string, WatchedFolder>();

  const look = (): void => {
    const present = new Map(foldersBelow(root, ignored).map((folder) => [folder, inodeOf(folder)]));
    for (const [folder, { watcher, inode }] of watched) {
      if (present.get(folder) === inode) continue;
      watcher.close();
      watched.delete(folder);
    }
    for (const [folder, inode] of present)
      if (inode !== undefined && !watched.has(folder))
        watched.set(folder, { watcher: watchFolder(folder), inode });
  };

  const watchFolder = (folder: string): FSWatcher => {
    const watcher = watch(join(root, folder), { signal }, (kind, file) => {
      if (ignored.test(join(folder, file ?? ''))) return;
      if (kind === 'rename') look();
      onSave();
    });
    // The folder went: whatever holds it tells so.
    watcher.on('error', () => undefined);
    return watcher;
  };

  const inodeOf = (folder: string) => statSync(join(root, folder), { throwIfNoEntry: false })?.ino;

  look();
}

/** The folder itself and those in it, as paths below it. */
function foldersBelow(root: string, ignored: RegExp, folder = ''): string[] {
  let children: string[];
  try {
    children = readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
  return [
    folder,
    ...children
      .filter((child) => !ignored.test(child))
      .flatMap((child) => foldersBelow(root, ignored, child)),
  ];
}
