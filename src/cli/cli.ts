/** The command line: `webhookd <command>`. */
import yargs from 'yargs';
import { UserError } from '../errors.ts';
import { version } from '../version.ts';
import { configCommand } from './config.ts';
import { deadLetterCommand } from './deadletter.ts';
import { deliveryCommand } from './delivery.ts';
import { importCommand } from './import.ts';
import { later } from './later.ts';
import { logsCommand } from './logs.ts';
import { configOption } from './options.ts';
import { purgeCommand } from './purge.ts';
import { receiveCommand } from './receive.ts';
import { runCommand } from './run.ts';
import { secretCommand } from './secret.ts';
import { statusCommand } from './status.ts';
import { subscriptionCommand } from './subscription/subscription.ts';
import { syncCommand } from './sync.ts';
import { tokenCommand } from './token.ts';

const plugin = later(
  'plugin',
  'Write, install and manage plugins',
  async () => (await import('./plugin/plugin.ts')).pluginCommand,
);
const emit = later(
  'emit [name]',
  'Publish events to the exchange, and wait until the broker has them',
  async () => (await import('./emit.ts')).emitCommand,
);
const events = later(
  'events',
  'List the events that are known by name',
  async () => (await import('./events.ts')).eventsCommand,
);

/** Runs one command. @throws UserError with exit code 2 when the command line is wrong */
export async function runCli(args: string[]): Promise<void> {
  const parser = yargs(args)
    // The messages around yargs's own are in English.
    .locale('en')
    .scriptName('webhookd')
    .usage('$0 <command>\n\nDelivers RabbitMQ events as webhooks.')
    .option('config', { ...configOption, global: true })
    .command(runCommand)
    .command(configCommand)
    .command(subscriptionCommand)
    .command(deliveryCommand)
    .command(deadLetterCommand)
    .command(plugin)
    .command(secretCommand)
    .command(tokenCommand)
    .command(importCommand)
    .command(syncCommand)
    .command(purgeCommand)
    .command(emit)
    .command(events)
    .command(receiveCommand)
    .command(logsCommand)
    .command(statusCommand)
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .version(version)
    .help()
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UserError(`${message ?? 'wrong use'}\nSee webhookd --help.`, 2);
    });
  await parser.parseAsync();
}
