/** wazo-auth as the rest of the daemon sees it: who may do what, the master tenant, who still exists. */
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { MasterTenant } from '../master-tenant.ts';
import {
  type Authenticator,
  AuthUnreachable,
  type Credentials,
  type Principal,
} from '../principal.ts';
import { WazoAuthenticator } from './authenticator.ts';
import { WazoAuthClient } from './client.ts';
import { OwnToken } from './own-token.ts';

export interface WazoAuthOptions {
  auth: Config['auth'];
  /** Told once the daemon's own token names it. */
  masterTenant: MasterTenant;
  log: Logger;
}

/** Whom wazo-auth knows, by uuid. */
export interface KnownOwners {
  tenants: ReadonlySet<string>;
  users: ReadonlySet<string>;
}

export class WazoAuth implements Authenticator {
  readonly #client: WazoAuthClient;
  readonly #authenticator: WazoAuthenticator;
  readonly #ownToken: OwnToken;

  constructor({ auth, masterTenant, log }: WazoAuthOptions) {
    this.#client = new WazoAuthClient(auth);
    this.#authenticator = new WazoAuthenticator({
      client: this.#client,
      cacheTtl: auth.cacheTtl * 1000,
    });
    this.#ownToken = new OwnToken({
      client: this.#client,
      auth,
      onToken: ({ tenantUuid }) => masterTenant.set(tenantUuid),
      log,
    });
  }

  /** Why the daemon has no token of its own; undefined when it has, or has not tried yet. */
  get failure(): string | undefined {
    return this.#ownToken.failure;
  }

  /** Asks for the daemon's own token, until it gets one. */
  start(): void {
    this.#ownToken.start();
  }

  stop(): void {
    this.#ownToken.stop();
  }

  authenticate(credentials: Credentials): Promise<Principal> {
    return this.#authenticator.authenticate(credentials);
  }

  /** Rejects with {@link AuthUnreachable}. */
  async knownOwners(): Promise<KnownOwners> {
    const token = this.#ownToken.current;
    if (token === undefined)
      throw new AuthUnreachable(
        `the daemon has no token of wazo-auth yet: ${this.failure ?? 'it waits for the answer'}`,
      );
    const tenants = await this.#client.all('tenants', token);
    return { tenants, users: await this.#client.all('users', token) };
  }
}
