import type { CommandModule } from 'yargs';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson, printTable } from './output.ts';

interface Token {
  uuid: string;
  name: string;
  tenant_uuid: string;
  created_at: string;
}

const createCommand: CommandModule<
  object,
  RemoteOptions & { name: string; tenant?: string | undefined }
> = {
  command: 'create <name>',
  describe: 'Make a token; it is printed this once',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('name', { type: 'string', demandOption: true, describe: 'What the token is for' })
      .option('tenant', {
        type: 'string',
        describe:
          'uuid of the tenant whose subscriptions it reaches; the master tenant unless given',
      }),
  handler: async (options) => {
    const body = {
      name: options.name,
      ...(options.tenant === undefined ? {} : { tenant_uuid: options.tenant }),
    };
    const made = (await connect(options)('POST', 'tokens', body)) as Token & { token: string };
    if (options.json) printJson(made);
    else console.log(made.token);
  },
};

const listCommand: CommandModule<object, RemoteOptions> = {
  command: 'list',
  describe: 'List tokens',
  builder: (yargs) => withRemote(yargs),
  handler: async (options) => {
    const { items } = (await connect(options)('GET', 'tokens')) as { items: Token[] };
    if (options.json) printJson(items);
    else
      printTable(
        ['UUID', 'NAME', 'TENANT', 'CREATED'],
        items.map((token) => [token.uuid, token.name, token.tenant_uuid, token.created_at]),
      );
  },
};

const revokeCommand: CommandModule<object, RemoteOptions & { uuid: string }> = {
  command: 'revoke <uuid>',
  describe: 'Make a token invalid at once',
  builder: (yargs) => withRemote(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    await connect(options)('DELETE', `tokens/${encodeURIComponent(options.uuid)}`);
    if (!options.json) console.log(`revoked ${options.uuid}`);
  },
};

export const tokenCommand: CommandModule = {
  command: 'token',
  describe: 'Make, list and revoke access tokens',
  builder: (yargs) =>
    yargs
      .command(createCommand)
      .command(listCommand)
      .command(revokeCommand)
      .demandCommand(1, 'Name what to do: create, list or revoke.'),
  handler: () => undefined,
};
