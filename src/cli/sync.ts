import type { CommandModule } from 'yargs';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson, printTable } from './output.ts';

interface Orphan {
  uuid: string;
  name: string;
  owner_tenant_uuid: string;
  owner_user_uuid: string | null;
}

export const syncCommand: CommandModule<object, RemoteOptions & { 'dry-run': boolean }> = {
  command: 'sync',
  describe: 'Delete subscriptions of tenants and users that wazo-auth no longer knows',
  builder: (yargs) =>
    withRemote(yargs).option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Delete nothing, only say what would be',
    }),
  handler: async (options) => {
    const isTrial = options['dry-run'];
    const { items } = (await connect(options)('POST', 'sync', { dry_run: isTrial })) as {
      items: Orphan[];
    };
    if (options.json) {
      printJson(items);
      return;
    }
    if (items.length > 0)
      printTable(
        ['UUID', 'NAME', 'TENANT', 'USER'],
        items.map((item) => [
          item.uuid,
          item.name,
          item.owner_tenant_uuid,
          item.owner_user_uuid ?? '',
        ]),
      );
    console.log(`${items.length} ${isTrial ? 'would be deleted' : 'deleted'}`);
  },
};
