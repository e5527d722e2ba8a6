/** Seeing subscriptions, making, changing and deleting them. */
import type { CommandModule } from 'yargs';
import { oneLine } from '../../one-line.ts';
import { connect } from '../client.ts';
import { type RemoteOptions, withRemote } from '../options.ts';
import { printJson, printOne, printTable } from '../output.ts';
import { type OneOptions, pathOf, type SubscriptionBody } from './body.ts';
import { applyFields, type FieldOptions, withFields } from './fields.ts';

/** What was made of a subscription; why its deliveries will wait is said beside it, whoever reads the output. */
function printMade({ warning, ...subscription }: SubscriptionBody, json: boolean): void {
  printOne(warning === undefined || !json ? subscription : { ...subscription, warning }, json);
  if (warning !== undefined) console.error(oneLine(`warning: ${warning}`));
}

export const listCommand: CommandModule<object, RemoteOptions & { recurse: boolean }> = {
  command: 'list',
  describe: 'List subscriptions',
  builder: (yargs) =>
    withRemote(yargs).option('recurse', {
      type: 'boolean',
      default: false,
      describe: 'Those of the tenants below too',
    }),
  handler: async (options) => {
    const { items } = (await connect(options)(
      'GET',
      `subscriptions?recurse=${options.recurse}`,
    )) as { items: SubscriptionBody[] };
    if (options.json) printJson(items);
    else
      printTable(
        ['UUID', 'NAME', 'SERVICE', 'EVENTS'],
        items.map(({ uuid = '', name, service, events, warning }) => [
          uuid,
          name,
          warning === undefined ? service : `${service} (!)`,
          events.join(', '),
        ]),
      );
    if (!options.json)
      for (const warning of new Set(items.flatMap((item) => item.warning ?? [])))
        console.log(oneLine(`(!) ${warning}`));
  },
};

export const showCommand: CommandModule<object, OneOptions> = {
  command: 'show <uuid>',
  describe: 'Show a subscription',
  builder: (yargs) => withRemote(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const found = await connect(options)('GET', pathOf(options.uuid));
    printOne(found as SubscriptionBody, options.json);
  },
};

export const createCommand: CommandModule<object, RemoteOptions & FieldOptions> = {
  command: 'create',
  describe: 'Create a subscription',
  builder: (yargs) => withFields(yargs).demandOption(['event']),
  handler: async (options) => {
    const events = options.event ?? [];
    const body = applyFields(
      { name: events.join(', ').slice(0, 128), service: 'http', events, config: {} },
      options,
    );
    const created = await connect(options)('POST', 'subscriptions', body);
    printMade(created as SubscriptionBody, options.json);
  },
};

export const updateCommand: CommandModule<object, OneOptions & FieldOptions> = {
  command: 'update <uuid>',
  describe: 'Change what is given of a subscription, and leave the rest',
  builder: (yargs) => withFields(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const call = connect(options);
    const present = (await call('GET', pathOf(options.uuid))) as SubscriptionBody;
    const changed = await call('PUT', pathOf(options.uuid), applyFields(present, options));
    printMade(changed as SubscriptionBody, options.json);
  },
};

export const deleteCommand: CommandModule<object, OneOptions> = {
  command: 'delete <uuid>',
  describe: 'Delete a subscription; its waiting deliveries are cancelled',
  builder: (yargs) => withRemote(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    await connect(options)('DELETE', pathOf(options.uuid));
    if (!options.json) console.log(`deleted ${options.uuid}`);
  },
};
