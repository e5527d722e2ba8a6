import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson, printOne, printTable } from './output.ts';

interface Letter {
  id: string;
  reason: string | null;
  event: string | null;
  died_at: string | null;
  size: number;
}

const listCommand: CommandModule<object, RemoteOptions & { limit: number }> = {
  command: 'list',
  describe: 'List messages that could not be taken, the oldest first',
  builder: (yargs) =>
    withRemote(yargs).option('limit', { type: 'number', default: 100, describe: 'How many' }),
  handler: async (options) => {
    const { items } = (await connect(options)('GET', `deadletter?limit=${options.limit}`)) as {
      items: Letter[];
    };
    if (options.json) printJson(items);
    else
      printTable(
        ['ID', 'DIED', 'EVENT', 'BYTES', 'REASON'],
        items.map(({ id, died_at: diedAt, event, size, reason }) => [
          id,
          diedAt ?? '',
          event ?? '',
          String(size),
          reason ?? 'could be taken now',
        ]),
      );
  },
};

const showCommand: CommandModule<object, RemoteOptions & { id: string }> = {
  command: 'show <id>',
  describe: 'Show one of them with headers and content',
  builder: (yargs) => withRemote(yargs).positional('id', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const letter = (await connect(options)(
      'GET',
      `deadletter/${encodeURIComponent(options.id)}`,
    )) as Record<string, unknown>;
    printOne(letter, options.json);
  },
};

/** For those named, or for all when that is said. */
const act = (
  verb: 'redrive' | 'drop',
  describe: string,
  done: string,
): CommandModule<object, RemoteOptions & { ids?: string[] | undefined; all: boolean }> => ({
  command: `${verb} [ids..]`,
  describe,
  builder: (yargs) =>
    withRemote(yargs)
      .positional('ids', { type: 'string', array: true })
      .option('all', { type: 'boolean', default: false, describe: 'Every message there is' }),
  handler: async (options) => {
    const { ids = [], all } = options;
    if (ids.length === 0 && !all) throw new UserError('name messages, or say --all', 2);
    const { messages } = (await connect(options)(
      'POST',
      `deadletter/${verb}`,
      all ? { all } : { ids },
    )) as { messages: number };
    if (options.json) printJson({ messages });
    else console.log(`${messages} ${messages === 1 ? 'message' : 'messages'} ${done}`);
  },
});

export const deadLetterCommand: CommandModule = {
  command: 'deadletter',
  describe: 'Messages that could not be taken',
  builder: (yargs) =>
    yargs
      .command(listCommand)
      .command(showCommand)
      .command(act('redrive', 'Put messages into the daemon’s queue again', 'put back'))
      .command(act('drop', 'Let go of messages for good', 'dropped'))
      .demandCommand(1, 'Name what to do: list, show, redrive or drop.'),
  handler: () => undefined,
};
