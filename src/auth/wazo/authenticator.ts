/** Has wazo-auth say who may do what; remembers only what was granted, and only for a moment. */
import { createHash } from 'node:crypto';
import {
  type Authenticator,
  type Credentials,
  type Principal,
  type Tenants,
  Unauthorized,
  UnknownToken,
} from '../principal.ts';
import type { TokenDetails, WazoAuthClient } from './client.ts';

/** Answers remembered at most; the oldest goes first. */
const maxRemembered = 10_000;

export interface WazoAuthenticatorOptions {
  client: Pick<WazoAuthClient, 'isAllowed' | 'details' | 'tenants'>;
  /** How long a positive answer holds, ms; 0: it is asked for every time. */
  cacheTtl: number;
}

interface Granted {
  details: TokenDetails;
  until: number;
}

export class WazoAuthenticator implements Authenticator {
  readonly #options: WazoAuthenticatorOptions;
  readonly #granted = new Map<string, Granted>();

  constructor(options: WazoAuthenticatorOptions) {
    this.#options = options;
  }

  async authenticate({ token, tenantUuid, access }: Credentials): Promise<Principal> {
    if (token === undefined) throw new UnknownToken('A token is needed: send it as X-Auth-Token');
    const details = await this.#grant(token, access, tenantUuid);
    return new WazoPrincipal(details, tenantUuid ?? details.tenantUuid, this.#options.client);
  }

  async #grant(token: string, access: string, tenantUuid = ''): Promise<TokenDetails> {
    // A digest, so that no comparison depends on how much of a token somebody has guessed.
    const key = createHash('sha256')
      .update(JSON.stringify([token, access, tenantUuid]))
      .digest('base64');
    const known = this.#granted.get(key);
    if (known !== undefined && known.until > Date.now()) return known.details;
    this.#granted.delete(key);
    const { client } = this.#options;
    if (!(await client.isAllowed(token, access, tenantUuid === '' ? undefined : tenantUuid)))
      throw new Unauthorized();
    const details = await client.details(token);
    if (details === undefined) throw new Unauthorized();
    this.#remember(key, details);
    return details;
  }

  #remember(key: string, details: TokenDetails): void {
    const { cacheTtl } = this.#options;
    if (cacheTtl === 0) return;
    if (this.#granted.size >= maxRemembered) {
      const [oldest] = this.#granted.keys();
      if (oldest !== undefined) this.#granted.delete(oldest);
    }
    const until = Math.min(Date.now() + cacheTtl, details.expiresAt ?? Infinity);
    this.#granted.set(key, { details, until });
  }
}

class WazoPrincipal implements Principal {
  readonly ownTenantUuid: string;
  readonly userUuid: string | null;
  readonly serverUuid: string | null;
  readonly #token: string;
  readonly #client: Pick<WazoAuthClient, 'tenants'>;

  constructor(
    { token, tenantUuid: own, userUuid, serverUuid }: TokenDetails,
    readonly tenantUuid: string,
    client: Pick<WazoAuthClient, 'tenants'>,
  ) {
    this.ownTenantUuid = own;
    this.userUuid = userUuid;
    this.serverUuid = serverUuid;
    this.#token = token;
    this.#client = client;
  }

  async visibleTenants(): Promise<Tenants> {
    return new Set([
      this.tenantUuid,
      ...(await this.#client.tenants(this.#token, this.tenantUuid)),
    ]);
  }
}
