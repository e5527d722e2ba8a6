import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { oneLine } from '../one-line.ts';
import { type Call, connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson } from './output.ts';
import { readFromApi, readFromDatabase, type WazoSubscription } from './wazo-source.ts';

interface ImportOptions extends RemoteOptions {
  from?: string | undefined;
  'from-api'?: string | undefined;
  'to-token'?: string | undefined;
  'dry-run': boolean;
}

interface ImportItem {
  uuid: string;
  result: 'created' | 'updated' | 'unchanged' | 'refused';
  reason?: string;
}

/** Bytes of subscriptions in one request: well under `rest_api.max_body_size`. */
const chunkSize = 256 * 1024;

const wazoCommand: CommandModule<object, ImportOptions> = {
  command: 'wazo',
  describe: 'Take over the subscriptions of a wazo-webhookd; may be repeated',
  builder: (yargs) =>
    withRemote(yargs)
      .option('from', {
        type: 'string',
        describe: 'Its database: postgresql://USER:PASSWORD@HOST/DATABASE',
      })
      .option('from-api', {
        type: 'string',
        describe: 'Or its REST API: http(s)://HOST:PORT; --token is a token for it then',
      })
      .option('to-token', {
        type: 'string',
        describe: 'With --from-api: token for webhookd; the local administrator’s unless given',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Change nothing, only say what would be',
      }),
  handler: async (options) => {
    const found = await read(options);
    const target = options['from-api'] === undefined ? options.token : options['to-token'];
    const call = connect({ ...options, token: target });
    const items = await send(call, found, options['dry-run']);
    const { services } = (await call('GET', 'subscriptions/services')) as { services: string[] };
    const missing = new Set(
      found.map(({ service }) => service).filter((name) => !services.includes(name)),
    );
    if (options.json) printJson({ items, missing_services: [...missing] });
    else print(items, found, missing, options['dry-run']);
    const refused = items.filter(({ result }) => result === 'refused').length;
    if (refused > 0) throw new UserError(`${refused} of ${items.length} were refused`);
  },
};

function read(options: ImportOptions): Promise<WazoSubscription[]> {
  const { from, 'from-api': api, token } = options;
  if ((from === undefined) === (api === undefined))
    throw new UserError('give one of --from (the database) and --from-api (the REST API)', 2);
  if (from !== undefined) return readFromDatabase(from);
  if (token === undefined) throw new UserError('--from-api needs --token, a token for that API', 2);
  return readFromApi(api ?? '', token);
}

async function send(
  call: Call,
  found: readonly WazoSubscription[],
  isTrial: boolean,
): Promise<ImportItem[]> {
  const items: ImportItem[] = [];
  for (const subscriptions of inChunks(found)) {
    const body = { subscriptions, dry_run: isTrial };
    const answer = (await call('POST', 'subscriptions/import', body)) as { items: ImportItem[] };
    items.push(...answer.items);
  }
  return items;
}

function inChunks(found: readonly WazoSubscription[]): WazoSubscription[][] {
  const chunks: WazoSubscription[][] = [];
  let size = Infinity;
  for (const subscription of found) {
    const own = JSON.stringify(subscription).length * 2;
    if (size + own > chunkSize) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(subscription);
    size += own;
  }
  return chunks;
}

function print(
  items: readonly ImportItem[],
  found: readonly WazoSubscription[],
  missing: ReadonlySet<string>,
  isTrial: boolean,
): void {
  const count = (wanted: ImportItem['result']) =>
    items.filter(({ result }) => result === wanted).length;
  console.log(
    `${isTrial ? 'would be taken over: ' : ''}${count('created')} created, ${count('updated')} updated, ${count('unchanged')} unchanged, ${count('refused')} refused`,
  );
  for (const { uuid, result, reason = '' } of items) {
    if (result !== 'refused') continue;
    const name = found.find((subscription) => subscription.uuid === uuid)?.name ?? '';
    console.log(oneLine(`refused ${uuid} (${name}): ${reason}`));
  }
  for (const service of missing)
    console.log(
      oneLine(
        `nobody provides the service ${service} here: its deliveries wait until a plugin does`,
      ),
    );
}

export const importCommand: CommandModule = {
  command: 'import',
  describe: 'Take over what another daemon has',
  builder: (yargs) => yargs.command(wazoCommand).demandCommand(1, 'Name what to import: wazo.'),
  handler: () => undefined,
};
