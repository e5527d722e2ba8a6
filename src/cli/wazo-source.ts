/** Reads the subscriptions of a wazo-webhookd, from its database or over its API. */
import { messageOf, UserError } from '../errors.ts';

/** As the API of either daemon has it. */
export interface WazoSubscription {
  uuid: string;
  name: string;
  service: string;
  events: string[];
  config: Record<string, unknown>;
  events_user_uuid: string | null;
  events_wazo_uuid: string | null;
  owner_user_uuid: string | null;
  owner_tenant_uuid: string;
  metadata: Record<string, unknown>;
}

/** ms */
const timeout = 30_000;

/** Over REST: all the token may see, those of the tenants below too. Throws {@link UserError}. */
export async function readFromApi(address: string, token: string): Promise<WazoSubscription[]> {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new UserError(
      `--from-api: ${address} is not an address; expected http(s)://HOST:9300`,
      2,
    );
  const { default: got } = await import('got');
  const base = address.replace(/\/+$/, '').replace(/\/1\.0$/, '');
  const response = await got(`${base}/1.0/subscriptions?recurse=true`, {
    headers: { 'x-auth-token': token },
    timeout: { request: timeout },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
  }).catch((error: unknown) => {
    throw new UserError(`no answer from ${base}: ${messageOf(error)}`);
  });
  if (response.statusCode === 401)
    throw new UserError(`${base} refuses the token (401); it needs webhookd.subscriptions.read`);
  const items = itemsOf(response.body);
  if (response.statusCode !== 200 || items === undefined)
    throw new UserError(
      `${base} does not answer as wazo-webhookd does (status ${response.statusCode})`,
    );
  return items;
}

function itemsOf(body: string): WazoSubscription[] | undefined {
  try {
    const { items } = JSON.parse(body) as { items?: unknown };
    return Array.isArray(items) ? (items as WazoSubscription[]) : undefined;
  } catch {
    return undefined;
  }
}

/** From the tables, in one transaction that changes nothing. Throws {@link UserError} without the password. */
export async function readFromDatabase(uri: string): Promise<WazoSubscription[]> {
  if (!/^postgres(ql)?:\/\//.test(uri) || !URL.canParse(uri))
    throw new UserError('--from: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE', 2);
  const { host, pathname } = new URL(uri);
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: uri, connectionTimeoutMillis: timeout });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<WazoSubscription>(select);
    return rows;
  } catch (error) {
    throw new UserError(`the database ${pathname.slice(1)} at ${host}: ${messageOf(error)}`, 1, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** One row a subscription; options and metadata are tables of names and values. */
const select = `
SELECT s.uuid::text AS uuid, s.name, s.service,
  s.events_user_uuid::text AS events_user_uuid, s.events_wazo_uuid::text AS events_wazo_uuid,
  s.owner_user_uuid::text AS owner_user_uuid, s.owner_tenant_uuid::text AS owner_tenant_uuid,
  coalesce((SELECT json_agg(e.event_name ORDER BY e.event_name)
    FROM webhookd_subscription_event e WHERE e.subscription_uuid = s.uuid), '[]') AS events,
  coalesce((SELECT json_object_agg(o.name, o.value)
    FROM webhookd_subscription_option o WHERE o.subscription_uuid = s.uuid), '{}') AS config,
  coalesce((SELECT json_object_agg(m.key, m.value)
    FROM webhookd_subscription_metadatum m WHERE m.subscription_uuid = s.uuid), '{}') AS metadata
FROM webhookd_subscription s ORDER BY s.uuid`;
