import { rmSync } from 'node:fs';
import type { Argv, CommandModule } from 'yargs';
import { UserError } from '../../errors.ts';
import {
  activate,
  currentOf,
  deactivate,
  goBack,
  markOf,
  putInSlot,
  slotOf,
  tidy,
} from '../../plugins/installed.ts';
import { stage } from '../../plugins/installer.ts';
import { type RemoteOptions, withRemote } from '../options.ts';
import { printJson } from '../output.ts';
import { checkLoads, describePlugin, pluginsConfig, reload } from './local.ts';

interface InstallOptions extends RemoteOptions {
  spec: string;
  'allow-scripts': boolean;
}

const withScripts = <T>(yargs: Argv<T>) =>
  yargs.option('allow-scripts', {
    type: 'boolean',
    default: false,
    describe: 'Let the package run its install scripts',
  });

/** Installs, has the daemon swap, and goes back when it will not have it. */
async function install(options: InstallOptions): Promise<void> {
  const { directory } = pluginsConfig(options);
  const { spec, 'allow-scripts': allowScripts } = options;
  const { project, manifest } = await stage({ directory, spec, allowScripts });
  const { name, version } = manifest;
  await checkLoads(manifest, options).catch((error: unknown) => {
    rmSync(project, { recursive: true, force: true });
    throw error;
  });
  const slot = slotOf(directory, name);
  // Nothing is waited for in between: another install would tidy away what is not in use yet.
  const place = putInSlot(project, directory, name);
  const former = activate(place);
  const plugin = await reload(name, options)
    .catch((error: unknown) => {
      if (currentOf(slot) === place) goBack(slot, former);
      throw error;
    })
    .finally(() => {
      // Another install that has taken over meanwhile may have to come back to this version.
      if ([place, former].includes(currentOf(slot))) tidy(slot, [former]);
    });
  if (options.json) printJson(plugin ?? { name, version });
  else if (plugin === undefined || plugin === null)
    console.log(`installed ${name} ${version}; no daemon runs: it is loaded at the next start`);
  else console.log(`installed ${describePlugin(plugin)}`);
}

export const installCommand: CommandModule<object, InstallOptions> = {
  command: 'install <spec>',
  describe: 'Install a plugin, or another version of one; a running daemon swaps without a gap',
  builder: (yargs) =>
    withScripts(withRemote(yargs)).positional('spec', {
      type: 'string',
      demandOption: true,
      describe: 'What npm understands: a name, name@version, a tarball, a folder, a git address',
    }),
  handler: install,
};

/** @throws UserError when `install` has not installed a plugin of this name */
function installedAt(options: RemoteOptions & { name: string }): { slot: string; place: string } {
  const slot = slotOf(pluginsConfig(options).directory, options.name);
  const place = currentOf(slot);
  if (place === undefined) throw notInstalled(options.name);
  return { slot, place };
}

const notInstalled = (name: string) =>
  new UserError(
    `no plugin ${name} was installed with webhookd plugin install; webhookd plugin list shows the names`,
  );

export const upgradeCommand: CommandModule<
  object,
  RemoteOptions & { name: string; 'allow-scripts': boolean }
> = {
  command: 'upgrade <name>',
  describe: 'Install the newest version from where the plugin was installed from',
  builder: (yargs) =>
    withScripts(withRemote(yargs)).positional('name', {
      type: 'string',
      demandOption: true,
      describe: 'Of the plugin; what comes from elsewhere is installed with plugin install',
    }),
  handler: async (options) => {
    const { place } = installedAt(options);
    const mark = markOf(place);
    if (mark === undefined) throw notInstalled(options.name);
    await install({ ...options, spec: mark.spec });
  },
};

export const removeCommand: CommandModule<object, RemoteOptions & { name: string }> = {
  command: 'remove <name>',
  describe: 'Remove a plugin with its variables; what waits for its handlers is cancelled',
  builder: (yargs) => withRemote(yargs).positional('name', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const { slot, place } = installedAt(options);
    deactivate(slot);
    const plugin = await reload(options.name, options).catch((error: unknown) => {
      activate(place);
      throw error;
    });
    tidy(slot, []);
    if (options.json) return;
    const rest = plugin === undefined ? '; no daemon runs: its variables are kept' : '';
    console.log(`removed ${options.name}${rest}`);
  },
};
