import type { CommandModule } from 'yargs';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson, printTable } from './output.ts';

interface Token {
  uuid: string;
  name: string;
  /** null: the master tenant */
  tenant_uuid: string | null;
  user_uuid: string | null;
  acl: string[];
  created_at: string;
}

const createCommand: CommandModule<
  object,
  RemoteOptions & {
    name: string;
    tenant?: string | undefined;
    user?: string | undefined;
    acl?: string[] | undefined;
  }
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
      })
      .option('user', {
        type: 'string',
        describe: 'uuid of the user it acts for under /users/me; nobody unless given',
      })
      .option('acl', {
        type: 'string',
        array: true,
        describe:
          'What it may do, as webhookd.subscriptions.# (* is one part, # the rest); may be repeated; everything unless given',
      }),
  handler: async (options) => {
    const body = {
      name: options.name,
      ...(options.tenant === undefined ? {} : { tenant_uuid: options.tenant }),
      ...(options.user === undefined ? {} : { user_uuid: options.user }),
      ...(options.acl === undefined ? {} : { acl: options.acl }),
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
        ['UUID', 'NAME', 'TENANT', 'USER', 'ACL', 'CREATED'],
        items.map((token) => [
          token.uuid,
          token.name,
          token.tenant_uuid ?? 'master',
          token.user_uuid ?? '',
          token.acl.join(' '),
          token.created_at,
        ]),
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
