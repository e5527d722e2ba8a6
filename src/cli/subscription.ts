import type { Argv, CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printFields, printJson, printTable } from './output.ts';
import { SubscriptionInput } from '../subscriptions/schema.ts';

interface SubscriptionBody {
  uuid?: string;
  name: string;
  service: string;
  events: string[];
  config: Record<string, unknown>;
  [key: string]: unknown;
  warning?: string;
}

interface FieldOptions {
  name?: string | undefined;
  service?: string | undefined;
  event?: string[] | undefined;
  set?: string[] | undefined;
  user?: string | undefined;
  wazo?: string | undefined;
  metadata?: string[] | undefined;
  filter?: string | undefined;
  delivery?: string[] | undefined;
  enabled?: boolean | undefined;
}

const withFields = <T>(yargs: Argv<T>) =>
  withRemote(yargs)
    .option('name', { type: 'string', describe: 'A name for people to read' })
    .option('service', { type: 'string', describe: 'The service that delivers, such as http' })
    .option('event', {
      type: 'string',
      array: true,
      describe: 'Name of an event to deliver; may be repeated',
    })
    .option('set', {
      type: 'string',
      array: true,
      describe:
        'Option of the service as key=value, such as url=https://a.example/; null takes it away; may be repeated',
    })
    .option('user', { type: 'string', describe: 'Only events that concern the user of this uuid' })
    .option('wazo', { type: 'string', describe: 'Only events of the server of this uuid' })
    .option('metadata', {
      type: 'string',
      array: true,
      describe: 'Something to remember as key=value; may be repeated',
    })
    .option('filter', {
      type: 'string',
      describe: 'Only events for which this expression is true; empty: all',
    })
    .option('delivery', {
      type: 'string',
      array: true,
      describe:
        'How deliveries are made as key=value, such as ordered=true; null takes it away; may be repeated',
    })
    .option('enabled', {
      type: 'boolean',
      describe: 'Whether deliveries are made; parked with --no-enabled',
    })
    .epilogue(optionsHelp);

/** What `--delivery` takes, from the schema. */
const deliveryHelp = Object.entries(SubscriptionInput.properties.delivery.properties)
  .map(([key, { description }]) => `  ${key}: ${String(description)}`)
  .join('\n');

const optionsHelp = `Keys of --delivery:
${deliveryHelp}

Keys of --set for the service http: url, method, body, payload, content_type,
headers, auth, signatures, verify_certificate, client_certificate, client_key.
Values that begin like JSON are JSON:
  --set headers='{"X-Event": "{{ event_name }}"}'
  --set 'signatures=["v1","v1a"]'

All of them are described in docs/guide-subscriptions.md.`;

/** `url=http://x` and `sleep_time=2`: what reads as JSON is JSON, the rest is text. */
function parsePairs(
  pairs: readonly string[],
  parse: (text: string) => unknown = parseValue,
): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const split = pair.indexOf('=');
      if (split < 1) throw new UserError(`${JSON.stringify(pair)} is not of the form key=value`, 2);
      return [pair.slice(0, split), parse(pair.slice(split + 1))];
    }),
  );
}

/** No option of deliveries is called true or false; options of services are. */
const parseOption = (text: string): unknown =>
  text === 'true' || text === 'false' ? text === 'true' : parseValue(text);

const withoutNulls = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

function parseValue(text: string): unknown {
  if (!/^(-?\d|[[{"]|null$)/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function applyFields(body: SubscriptionBody, fields: FieldOptions): SubscriptionBody {
  return {
    ...body,
    name: fields.name ?? body.name,
    service: fields.service ?? body.service,
    events: fields.event ?? body.events,
    config: { ...body.config, ...parsePairs(fields.set ?? []) },
    metadata: { ...(body['metadata'] as object | undefined), ...parsePairs(fields.metadata ?? []) },
    delivery: withoutNulls({
      ...(body['delivery'] as object | undefined),
      ...parsePairs(fields.delivery ?? [], parseOption),
    }),
    ...(fields.filter === undefined ? {} : { filter: fields.filter === '' ? null : fields.filter }),
    ...(fields.enabled === undefined ? {} : { enabled: fields.enabled }),
    ...(fields.user === undefined ? {} : { events_user_uuid: fields.user }),
    ...(fields.wazo === undefined ? {} : { events_wazo_uuid: fields.wazo }),
  };
}

const path = (uuid: string) => `subscriptions/${encodeURIComponent(uuid)}`;

const show = (subscription: SubscriptionBody, json: boolean) =>
  json ? printJson(subscription) : printFields(subscription);

/** What was made of a subscription; why its deliveries will wait is said beside it, whoever reads the output. */
function showMade({ warning, ...subscription }: SubscriptionBody, json: boolean): void {
  show(warning === undefined || !json ? subscription : { ...subscription, warning }, json);
  if (warning !== undefined) console.error(`warning: ${warning}`);
}

const listCommand: CommandModule<object, RemoteOptions & { recurse: boolean }> = {
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
        console.log(`(!) ${warning}`);
  },
};

const showCommand: CommandModule<object, RemoteOptions & { uuid: string }> = {
  command: 'show <uuid>',
  describe: 'Show a subscription',
  builder: (yargs) => withRemote(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    show((await connect(options)('GET', path(options.uuid))) as SubscriptionBody, options.json);
  },
};

const createCommand: CommandModule<object, RemoteOptions & FieldOptions> = {
  command: 'create',
  describe: 'Create a subscription',
  builder: (yargs) => withFields(yargs).demandOption(['event']),
  handler: async (options) => {
    const events = options.event ?? [];
    const body = applyFields(
      { name: events.join(', ').slice(0, 128), service: 'http', events, config: {} },
      options,
    );
    showMade(
      (await connect(options)('POST', 'subscriptions', body)) as SubscriptionBody,
      options.json,
    );
  },
};

const updateCommand: CommandModule<object, RemoteOptions & FieldOptions & { uuid: string }> = {
  command: 'update <uuid>',
  describe: 'Change what is given of a subscription, and leave the rest',
  builder: (yargs) => withFields(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const call = connect(options);
    const present = (await call('GET', path(options.uuid))) as SubscriptionBody;
    showMade(
      (await call('PUT', path(options.uuid), applyFields(present, options))) as SubscriptionBody,
      options.json,
    );
  },
};

const deleteCommand: CommandModule<object, RemoteOptions & { uuid: string }> = {
  command: 'delete <uuid>',
  describe: 'Delete a subscription; its waiting deliveries are cancelled',
  builder: (yargs) => withRemote(yargs).positional('uuid', { type: 'string', demandOption: true }),
  handler: async (options) => {
    await connect(options)('DELETE', path(options.uuid));
    if (!options.json) console.log(`deleted ${options.uuid}`);
  },
};

interface LogItem {
  uuid: string;
  status: string;
  started_at: string;
  ended_at: string;
  attempts: number;
  max_attempts: number;
  event: { name: string };
  detail: { error?: string; response_status_code?: number };
}

const logsCommand: CommandModule<
  object,
  RemoteOptions & { uuid: string; limit: number; search?: string | undefined }
> = {
  command: 'logs <uuid>',
  describe: 'Show the attempts made for a subscription, the latest first',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('limit', { type: 'number', default: 20, describe: 'How many' })
      .option('search', {
        type: 'string',
        describe: 'Only those with these words in the event, the error or the address',
      }),
  handler: async (options) => {
    const query = new URLSearchParams({ limit: String(options.limit) });
    if (options.search !== undefined) query.set('search', options.search);
    const { items } = (await connect(options)(
      'GET',
      `${path(options.uuid)}/logs?${query.toString()}`,
    )) as { items: LogItem[] };
    if (options.json) printJson(items);
    else printTable(['STARTED', 'MS', 'STATUS', 'ATTEMPT', 'EVENT', 'DETAIL'], items.map(logRow));
  },
};

function logRow({
  started_at: start,
  ended_at: end,
  status,
  attempts,
  max_attempts: max,
  event,
  detail,
}: LogItem): string[] {
  const duration = String(Date.parse(end) - Date.parse(start));
  const result =
    detail.error ??
    (detail.response_status_code === undefined ? '' : String(detail.response_status_code));
  return [start, duration, status, `${attempts}/${max}`, event.name, result];
}

const testCommand: CommandModule<
  object,
  RemoteOptions & { uuid: string; event?: string | undefined; data?: string | undefined }
> = {
  command: 'test <uuid>',
  describe: 'Deliver a sample now, and show what the endpoint says',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('event', { type: 'string', describe: 'Name of the event' })
      .option('data', { type: 'string', describe: 'Its data as JSON' }),
  handler: async (options) => {
    const { event, data } = options;
    const outcome = (await connect(options)('POST', `${path(options.uuid)}/test`, {
      ...(event === undefined ? {} : { event }),
      ...(data === undefined ? {} : { data: parseData(data) }),
    })) as { status: string };
    if (options.json) printJson(outcome);
    else printFields(outcome);
    if (outcome.status !== 'success') throw new UserError('the endpoint did not take the sample');
  },
};

function parseData(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UserError(`--data is not JSON: ${(error as Error).message}`, 2);
  }
}

interface Secret {
  secret: string;
  public_key: string;
  created_at: string;
  expires_at: string | null;
}

const secretCommand: CommandModule<
  object,
  RemoteOptions & { uuid: string; rotate: boolean; overlap?: number | undefined }
> = {
  command: 'secret <uuid>',
  describe: 'Show the secrets that deliveries are signed with, or make a new one',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('rotate', { type: 'boolean', default: false, describe: 'Make a new secret' })
      .option('overlap', {
        type: 'number',
        implies: 'rotate',
        describe: 'How long the former secret signs too, in seconds',
      }),
  handler: async (options) => {
    const call = connect(options);
    const { overlap } = options;
    const { secrets } = (
      options.rotate
        ? await call('POST', `${path(options.uuid)}/secret/rotate`, {
            ...(overlap === undefined ? {} : { overlap }),
          })
        : await call('GET', `${path(options.uuid)}/secret`)
    ) as { secrets: Secret[] };
    if (options.json) printJson(secrets);
    else
      printTable(
        ['SECRET', 'PUBLIC KEY', 'CREATED', 'SIGNS UNTIL'],
        secrets.map((one) => [
          one.secret,
          one.public_key,
          one.created_at,
          one.expires_at ?? 'it is rotated',
        ]),
      );
  },
};

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
