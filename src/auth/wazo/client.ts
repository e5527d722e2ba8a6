/** Talks to wazo-auth over HTTP, in the words of its API 0.1. */
import { readFileSync } from 'node:fs';
import type { Method, OptionsInit, Response } from 'got';
import type { Config } from '../../config/schema.ts';
import { messageOf } from '../../errors.ts';
import { AuthUnreachable, UnknownToken } from '../principal.ts';

/** What wazo-auth says of a token. */
export interface TokenDetails {
  token: string;
  tenantUuid: string;
  userUuid: string | null;
  serverUuid: string | null;
  /** When the token ends; null when wazo-auth does not say. */
  expiresAt: number | null;
}

type Address = Pick<
  Config['auth'],
  'host' | 'port' | 'prefix' | 'https' | 'verifyCertificate' | 'timeout'
>;

/** One answer: its body is JSON, or nothing. */
interface Answer {
  status: number;
  body: unknown;
}

/** Every method rejects with {@link AuthUnreachable} when there is no answer, or none that makes sense. */
export class WazoAuthClient {
  readonly #base: string;

  constructor(private readonly address: Address) {
    const { host, port, prefix, https } = address;
    const path = (prefix ?? '').replace(/^\/*|\/*$/g, '');
    const name = host.includes(':') ? `[${host}]` : host;
    this.#base = `${https ? 'https' : 'http'}://${name}:${port}/${path === '' ? '' : `${path}/`}0.1`;
  }

  /** Whether the token is good for the access, and for the tenant if one is named. Rejects with {@link UnknownToken}. */
  async isAllowed(token: string, access: string, tenantUuid?: string): Promise<boolean> {
    const query = {
      scope: access,
      ...(tenantUuid === undefined ? {} : { tenant: tenantUuid }),
    };
    const { status } = await this.#ask('HEAD', `token/${encodeURIComponent(token)}`, { query });
    if (status === 204) return true;
    if (status === 403) return false;
    if (status === 404) throw new UnknownToken();
    throw this.#senseless(`HEAD token was answered ${status}`);
  }

  /** Undefined when there is no such token. */
  async details(token: string): Promise<TokenDetails | undefined> {
    const { status, body } = await this.#ask('GET', `token/${encodeURIComponent(token)}`);
    if (status === 403 || status === 404) return undefined;
    if (status !== 200) throw this.#senseless(`GET token was answered ${status}`);
    return this.#readDetails(body, token);
  }

  /** The tenant and those below it, as far as the token may see them. */
  async tenants(token: string, tenantUuid: string): Promise<string[]> {
    const headers = { 'X-Auth-Token': token, 'Wazo-Tenant': tenantUuid };
    const { status, body } = await this.#ask('GET', 'tenants', { headers });
    // A token that may not list tenants sees its own.
    if (status === 401 || status === 403) return [tenantUuid];
    if (status !== 200) throw this.#senseless(`GET tenants was answered ${status}`);
    return this.#uuidsIn(body, 'tenants');
  }

  /**
   * Every tenant, or every user of every tenant, that wazo-auth knows. All in one answer: pages are sorted by names, which
   * need not be there or differ, and shift when somebody is deleted meanwhile; whoever is in none of them seems to be gone.
   */
  async all(kind: 'tenants' | 'users', token: string): Promise<Set<string>> {
    const query = { recurse: 'true' };
    const headers = { 'X-Auth-Token': token };
    const { status, body } = await this.#ask('GET', kind, { query, headers });
    if (status !== 200) throw this.#senseless(`GET ${kind} was answered ${status}`);
    const uuids = new Set(this.#uuidsIn(body, kind));
    const { filtered } = body as { filtered?: unknown };
    if (typeof filtered === 'number' && filtered > uuids.size)
      throw this.#senseless(`its list of ${kind} has ${uuids.size} of ${filtered}`);
    return uuids;
  }

  /**
   * A new token for the daemon itself.
   *
   * @param expiration how long it is to live, s
   */
  async createToken(
    { username, password }: { username: string; password: string },
    expiration: number,
  ): Promise<TokenDetails> {
    const { status, body } = await this.#ask('POST', 'token', {
      username,
      password,
      json: { expiration },
    });
    if (status === 401) throw this.#senseless('it refuses the daemon’s credentials (401)');
    if (status !== 200) throw this.#senseless(`POST token was answered ${status}`);
    return this.#readDetails(body);
  }

  async #ask(
    method: Method,
    path: string,
    { query, ...options }: OptionsInit & { query?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { default: got } = await import('got');
    try {
      const response = (await got(`${this.#base}/${path}`, {
        method,
        ...options,
        ...(query === undefined ? {} : { searchParams: query }),
        https: this.#trust(),
        timeout: { request: this.address.timeout * 1000 },
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
      })) as Response<string>;
      const hasBody = response.statusCode === 200 && method !== 'HEAD';
      return { status: response.statusCode, body: hasBody ? JSON.parse(response.body) : null };
    } catch (error) {
      throw this.#senseless(messageOf(error), error);
    }
  }

  #trust(): NonNullable<OptionsInit['https']> {
    const verify = this.address.verifyCertificate;
    return typeof verify === 'string'
      ? { certificateAuthority: readFileSync(verify) }
      : { rejectUnauthorized: verify };
  }

  /** @param known the token that was asked about; undefined for a new one */
  #readDetails(body: unknown, known?: string): TokenDetails {
    const data = sectionOf(body, 'data');
    const metadata = sectionOf(data, 'metadata');
    const token = known ?? textOrNull(data['token']);
    const tenantUuid = textOrNull(metadata['tenant_uuid']);
    if (token === null || tenantUuid === null)
      throw this.#senseless('its answer names no token, or no tenant of it');
    return {
      token,
      tenantUuid,
      userUuid: textOrNull(metadata['uuid']),
      serverUuid: textOrNull(data['xivo_uuid']),
      expiresAt: timeOrNull(data['utc_expires_at']),
    };
  }

  #uuidsIn(body: unknown, kind: string): string[] {
    const items = (body as { items?: unknown } | null)?.items;
    if (!Array.isArray(items)) throw this.#senseless(`its list of ${kind} has no items`);
    return items.map((item) => String((item as { uuid?: unknown }).uuid));
  }

  #senseless(why: string, cause?: unknown): AuthUnreachable {
    return new AuthUnreachable(`wazo-auth at ${this.#base}: ${why}`, { cause });
  }
}

/** The object under a key; an empty one when there is none. */
function sectionOf(value: unknown, key: string): Record<string, unknown> {
  const section: unknown = (value as Record<string, unknown> | null)?.[key];
  return typeof section === 'object' && section !== null
    ? (section as Record<string, unknown>)
    : {};
}

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** wazo-auth writes UTC without saying so: `2026-01-31T12:00:00.123456`. */
function timeOrNull(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`);
  return Number.isNaN(time) ? null : time;
}
