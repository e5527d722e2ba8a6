import type { CommandModule } from 'yargs';
import { loadConfig } from '../config/load.ts';
import { showConfig } from '../config/show.ts';
import { type GlobalOptions, withJson } from './options.ts';
import { printJson, printTable } from './output.ts';

const checkCommand: CommandModule<object, GlobalOptions> = {
  command: 'check',
  describe: 'Say whether the configuration is right, and what is wrong with it',
  handler: ({ config: file }) => {
    const { origins } = loadConfig({ file });
    const set = [...origins.values()].filter((origin) => origin !== 'default').length;
    console.log(
      `The configuration is right: ${set} of ${origins.size} keys are set, the others have their defaults.`,
    );
  },
};

const showCommand: CommandModule<object, GlobalOptions & { json: boolean }> = {
  command: 'show',
  describe: 'Print every key with its value and where that comes from; secrets are masked',
  builder: (yargs) => withJson(yargs),
  handler: ({ config: file, json }) => {
    const keys = showConfig(loadConfig({ file }));
    if (json) printJson(keys);
    else
      printTable(
        ['KEY', 'VALUE', 'FROM'],
        keys.map(({ key, value, origin }) => [key, JSON.stringify(value), origin]),
      );
  },
};

export const configCommand: CommandModule = {
  command: 'config',
  describe: 'Check or show the configuration',
  builder: (yargs) =>
    yargs
      .command(checkCommand)
      .command(showCommand)
      .demandCommand(1, 'Name what to do: check or show.'),
  handler: () => undefined,
};
