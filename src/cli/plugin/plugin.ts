import type { LaterCommand } from '../later.ts';
import { devCommand } from './dev.ts';
import { initCommand } from './init.ts';
import { installCommand, removeCommand, upgradeCommand } from './install.ts';
import { changeCommands, listCommand, showCommand } from './manage.ts';
import { validateCommand } from './validate.ts';

export const pluginCommand: LaterCommand<object> = {
  builder: (yargs) => {
    const whole = yargs
      .command(initCommand)
      .command(validateCommand)
      .command(devCommand)
      .command(installCommand)
      .command(upgradeCommand)
      .command(removeCommand)
      .command(listCommand)
      .command(showCommand);
    for (const command of changeCommands) whole.command(command);
    return whole.demandCommand(1, 'Name what to do; see webhookd plugin --help.');
  },
  handler: () => undefined,
};
