/** Installs packages with npm, each version in a folder of its own. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, UserError } from '../errors.ts';
import { linkPluginApi } from './api-link.ts';
import { discoverPlugins, packageRoot } from './discovery.ts';
import { isThere, makeProject, markProject } from './installed.ts';
import { parseManifest, type PluginManifest, readPackage } from './manifest.ts';

const run = promisify(execFile);

/** A version that was installed and is not in use yet. */
export interface StagedPlugin {
  project: string;
  manifest: PluginManifest;
}

export interface StageOptions {
  /** `plugins.directory` */
  directory: string;
  /** What npm understands: a name, a version, a tarball, a folder, a git address. */
  spec: string;
  /** Whether the package's install scripts may run. */
  allowScripts: boolean;
}

/** npm gets this long, ms. */
const npmTimeout = 10 * 60_000;

/**
 * Installs a package beside what is in use.
 *
 * @throws UserError with the reason; nothing is left behind then
 */
export async function stage({
  directory,
  spec,
  allowScripts,
}: StageOptions): Promise<StagedPlugin> {
  if (isPath(spec) && !isThere(resolve(spec)))
    throw new UserError(`${resolve(spec)}: there is no such folder or tarball`);
  const project = prepare(directory);
  try {
    await npmInstall(project, spec, allowScripts);
    const name = installedIn(project);
    const place = join(project, 'node_modules', name);
    const problem = linkPluginApi(place, packageRoot);
    if (problem !== undefined) throw new UserError(problem);
    const manifest = manifestOf(place, spec);
    checkConflicts(manifest, directory);
    markProject(project, { plugin: name, spec: specToKeep(spec) });
    return { project, manifest };
  } catch (error) {
    rmSync(project, { recursive: true, force: true });
    throw error;
  }
}

function prepare(directory: string): string {
  try {
    return makeProject(directory);
  } catch (error) {
    throw new UserError(
      `plugins.directory: nothing can be installed in ${directory}: ${messageOf(error)}`,
      1,
      { cause: error },
    );
  }
}

async function npmInstall(project: string, spec: string, allowScripts: boolean): Promise<void> {
  const options = [
    '--save-exact',
    '--omit=dev',
    // The daemon itself is linked: it is what the package has as its peer.
    '--legacy-peer-deps',
    // A folder is copied: what is edited there later is another version.
    '--install-links',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `--ignore-scripts=${String(!allowScripts)}`,
  ];
  try {
    await run('npm', ['install', ...options, '--', absolute(spec)], {
      cwd: project,
      timeout: npmTimeout,
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const said = stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.includes('A complete log of this run'))
      .slice(0, 20)
      .join('\n');
    throw new UserError(`npm cannot install ${spec}:\n${said || message}`, 1, { cause: error });
  }
}

/** npm runs in another folder: a path has to say where it begins. */
function absolute(spec: string): string {
  return isPath(spec) ? resolve(spec) : spec;
}

const isPath = (spec: string) =>
  /^\.{0,2}\/|\/$/.test(spec) ||
  spec === '.' ||
  statSync(spec, { throwIfNoEntry: false }) !== undefined;

/** For an upgrade: of a name with a version the name alone. */
function specToKeep(spec: string): string {
  if (isPath(spec)) return resolve(spec);
  const [, name] = /^(@?[^@:/]+(?:\/[^@:/]+)?)@[^/:]*$/.exec(spec) ?? [];
  return name ?? spec;
}

function installedIn(project: string): string {
  const { dependencies = {} } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const [name] = Object.keys(dependencies);
  if (name === undefined) throw new UserError('npm installed nothing');
  return name;
}

/** @throws UserError when the package is no plugin that can be used */
export function manifestOf(place: string, spec: string): PluginManifest {
  try {
    const content = readPackage(place);
    if (!isThere(join(place, 'package.json'))) throw new Error('there is no package.json');
    if (content === undefined)
      throw new Error('its package.json has no key `webhookd`: it is no plugin');
    return parseManifest(place, content);
  } catch (error) {
    throw new UserError(`${spec}: ${messageOf(error)}`, 1, { cause: error });
  }
}

/** @throws UserError when another package provides one of its services */
function checkConflicts({ name, entries }: PluginManifest, directory: string): void {
  for (const { manifest } of discoverPlugins(directory)) {
    if (manifest instanceof Error || manifest.name === name) continue;
    const shared = entries.find(({ service }) =>
      manifest.entries.some((entry) => entry.service === service),
    );
    if (shared !== undefined)
      throw new UserError(
        `${name}: ${manifest.name} already provides the service ${shared.service}`,
      );
  }
}
