import type { CommandModule } from 'yargs';
import { logsCommand } from './logs.ts';
import { createCommand, deleteCommand, listCommand, showCommand, updateCommand } from './manage.ts';
import { secretCommand } from './secret.ts';
import { testCommand } from './test.ts';

export const subscriptionCommand: CommandModule = {
  command: 'subscription',
  describe: 'Manage subscriptions and see their logs',
  builder: (yargs) =>
    yargs
      .command(listCommand)
      .command(showCommand)
      .command(createCommand)
      .command(updateCommand)
      .command(deleteCommand)
      .command(logsCommand)
      .command(secretCommand)
      .command(testCommand)
      .demandCommand(
        1,
        'Name what to do: list, show, create, update, delete, logs, secret or test.',
      ),
  handler: () => undefined,
};
