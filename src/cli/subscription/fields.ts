/** A subscription as options of the command line: what is not given stays as it is. */
import type { Argv } from 'yargs';
import { UserError } from '../../errors.ts';
import { SubscriptionInput } from '../../subscriptions/schema.ts';
import { withRemote } from '../options.ts';
import type { SubscriptionBody } from './body.ts';

/** What may be given; each option stands for a part of the subscription. */
export interface FieldOptions {
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

/** Adds these options to a command. */
export const withFields = <T>(yargs: Argv<T>) =>
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
      describe: 'Something to remember as key=value; null takes it away; may be repeated',
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

/** What there is with what is given; null takes a key away. */
function changed(present: unknown, given: Record<string, unknown>): Record<string, unknown> {
  const all = Object.entries({ ...(present as object | undefined), ...given });
  return Object.fromEntries(all.filter(([key]) => given[key] !== null));
}

function parseValue(text: string): unknown {
  if (!/^(-?\d|[[{"]|null$)/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The subscription with what the options say. */
export function applyFields(body: SubscriptionBody, fields: FieldOptions): SubscriptionBody {
  return {
    ...body,
    name: fields.name ?? body.name,
    service: fields.service ?? body.service,
    events: fields.event ?? body.events,
    config: changed(body.config, parsePairs(fields.set ?? [])),
    metadata: changed(body['metadata'], parsePairs(fields.metadata ?? [])),
    delivery: changed(body['delivery'], parsePairs(fields.delivery ?? [], parseOption)),
    ...(fields.filter === undefined ? {} : { filter: fields.filter === '' ? null : fields.filter }),
    ...(fields.enabled === undefined ? {} : { enabled: fields.enabled }),
    ...(fields.user === undefined ? {} : { events_user_uuid: fields.user }),
    ...(fields.wazo === undefined ? {} : { events_wazo_uuid: fields.wazo }),
  };
}
