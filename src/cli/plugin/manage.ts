import type { CommandModule } from 'yargs';
import { oneLine } from '../../one-line.ts';
import { connect } from '../client.ts';
import { type RemoteOptions, withRemote } from '../options.ts';
import { printFields, printJson, printTable } from '../output.ts';
import { describePlugin, type Plugin, pluginPath } from './local.ts';

export const listCommand: CommandModule<object, RemoteOptions> = {
  command: 'list',
  describe: 'List plugins with their state',
  builder: (yargs) => withRemote(yargs),
  handler: async (options) => {
    const answer = (await connect(options)('GET', 'plugins')) as {
      items: Plugin[];
      broken: { directory: string; reason: string }[];
    };
    if (options.json) {
      printJson(answer);
      return;
    }
    printTable(
      ['PLUGIN', 'VERSION', 'STATE', 'PROVIDES', 'REASON'],
      answer.items.map(({ name, version, state, entries, reason }) => [
        name,
        version,
        state,
        entries.map(({ service }) => service).join(', '),
        reason ?? entries.find(({ problem }) => problem !== null)?.problem ?? '',
      ]),
    );
    for (const { directory, reason } of answer.broken)
      console.log(oneLine(`${directory} cannot be used: ${reason}`));
  },
};

export const showCommand: CommandModule<object, RemoteOptions & { name: string }> = {
  command: 'show <name>',
  describe: 'Show a plugin',
  builder: (yargs) => withRemote(yargs).positional('name', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const plugin = (await connect(options)('GET', pluginPath(options.name))) as Plugin;
    if (options.json) printJson(plugin);
    else
      printFields({
        ...plugin,
        reason: plugin.reason ?? 'none',
        entries: plugin.entries
          .map(({ service, responds_to: events }) =>
            events === null ? service : `${service} responds to ${events.join(', ')}`,
          )
          .join('; '),
        missing: plugin.missing.join(', ') || 'nothing',
      });
  },
};

const change = (
  action: 'enable' | 'disable' | 'reload',
  describe: string,
): CommandModule<object, RemoteOptions & { name: string }> => ({
  command: `${action} <name>`,
  describe,
  builder: (yargs) => withRemote(yargs).positional('name', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const plugin = (await connect(options)('POST', pluginPath(options.name, `/${action}`))) as
      Plugin | undefined;
    if (options.json) printJson(plugin ?? null);
    else console.log(plugin === undefined ? `${options.name} is gone` : describePlugin(plugin));
  },
});

export const changeCommands = [
  change('enable', 'Attempt the plugin’s deliveries again'),
  change('disable', 'Let the plugin’s deliveries wait'),
  change('reload', 'Take up the version that lies on the disk now'),
];
