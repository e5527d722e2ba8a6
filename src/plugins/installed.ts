/**
 * How installed plugins lie on the disk: `<plugins.directory>/installed/<plugin>/<version folder>`, each
 * an npm project with that plugin alone, and `current`, a link to the one in use. A version is never
 * changed once it is there: what runs goes on running from its own folder, and going back is one link.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

export const installedDirectory = (pluginsDirectory: string) => join(pluginsDirectory, 'installed');

/** Where the versions of a plugin are; a scope is no folder of its own. */
export const slotOf = (pluginsDirectory: string, plugin: string) =>
  join(installedDirectory(pluginsDirectory), plugin.replace('/', '+'));

/** Whose versions are there. */
export const pluginOfSlot = (slot: string) => basename(slot).replace('+', '/');

/** A new folder for a version; it becomes one when it is put in a slot. */
export function makeProject(pluginsDirectory: string): string {
  const folder = join(
    installedDirectory(pluginsDirectory),
    `.new-${process.pid}-${Date.now().toString(36)}`,
  );
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

/** What a project is. */
export interface Mark {
  plugin: string;
  /** What was given to npm. */
  spec: string;
  /** The version that is to be gone back to, by the name of its folder: this one is there for a while only. */
  former?: string | undefined;
}

/** Writes down which package a project is for, and what it was installed from. */
export function markProject(project: string, mark: Mark): void {
  writeFileSync(join(project, 'webhookd-plugin.json'), `${JSON.stringify(mark)}\n`);
}

/** undefined when it is no such project. */
export function markOf(project: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(join(project, 'webhookd-plugin.json'), 'utf8')) as Mark;
  } catch {
    return undefined;
  }
}

export const packageIn = (project: string): string | undefined => markOf(project)?.plugin;

/** Moves a project to where its plugin's versions are; its new place. */
export function putInSlot(project: string, pluginsDirectory: string, plugin: string): string {
  const slot = slotOf(pluginsDirectory, plugin);
  mkdirSync(slot, { recursive: true });
  const place = join(slot, Date.now().toString(36));
  renameSync(project, place);
  return place;
}

/** Makes a version the one in use, at one blow; the former one, if there was one. */
export function activate(version: string): string | undefined {
  const slot = join(version, '..');
  const link = join(slot, 'current');
  const former = currentOf(slot);
  const next = join(slot, `.current-${process.pid}`);
  rmSync(next, { force: true });
  symlinkSync(basename(version), next, 'dir');
  renameSync(next, link);
  return former;
}

/** Goes back to a version; undefined: to none. Whether it did: one that is gone is not gone back to. */
export function goBack(slot: string, former: string | undefined): boolean {
  if (former === undefined) deactivate(slot);
  else if (isThere(former)) activate(former);
  else return false;
  return true;
}

/** Takes the link away: the plugin is not installed any more. */
export function deactivate(slot: string): void {
  rmSync(join(slot, 'current'), { force: true });
}

/** The version in use. */
export function currentOf(slot: string): string | undefined {
  try {
    return join(slot, readlinkSync(join(slot, 'current')));
  } catch {
    return undefined;
  }
}

/** Removes versions that are not in use, but for those given, which may still run, and what these go back to. */
export function tidy(slot: string, keep: readonly (string | undefined)[]): void {
  const used = [currentOf(slot), ...keep].filter((place) => place !== undefined);
  const kept = new Set([...used, ...used.map((place) => formerOf(slot, place))]);
  for (const name of readdirSync(slot)) {
    const place = join(slot, name);
    if (name === 'current' || kept.has(place)) continue;
    rmSync(place, { recursive: true, force: true });
  }
  if (readdirSync(slot).length === 0) rmSync(slot, { recursive: true });
}

function formerOf(slot: string, place: string): string | undefined {
  const former = markOf(place)?.former;
  return former === undefined ? undefined : join(slot, former);
}

/** Whether something is there, a link that leads nowhere included. */
export const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
