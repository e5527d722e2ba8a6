/** Opaque access tokens: made here, kept as hashes, shown once. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import type { AccessToken } from '../model.ts';
import type { Store } from '../store/store.ts';
import { isCovered } from './acl.ts';
import type { MasterTenant } from './master-tenant.ts';
import {
  type Authenticator,
  type Credentials,
  type Principal,
  type Tenants,
  Unauthorized,
  UnknownToken,
} from './principal.ts';

const localTokenName = 'local administrator';

/** 256 bits of chance need no salt and no slow hash. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Whose a token is, and what it may do. */
type Grant = Pick<AccessToken, 'tenantUuid' | 'userUuid' | 'acl'>;

export class Tokens implements Authenticator {
  /**
   * By hash, and never compared byte by byte with what was sent: how long a look-up takes depends on the digest of
   * what was sent, which nobody can steer towards that of a token without trying 2^256 of them. What little it
   * tells of a digest is of no use, since a digest does not lead back to its token. `timingSafeEqual` over all
   * tokens would hide no more, and take longer with each.
   */
  readonly #byHash = new Map<string, AccessToken>();

  constructor(
    private readonly store: Pick<Store, 'tokens' | 'putToken' | 'deleteToken'>,
    private readonly masterTenant: MasterTenant,
  ) {}

  async load(): Promise<void> {
    for (const token of await this.store.tokens()) this.#byHash.set(token.hash, token);
  }

  /** Whether this is a token made here, as opposed to one of wazo-auth. */
  knows(token: string): boolean {
    return this.#byHash.has(hashOf(token));
  }

  authenticate({ token, tenantUuid, access }: Credentials): Promise<Principal> {
    return new Promise((resolve) => {
      if (token === undefined)
        throw new UnknownToken(
          'A token is needed: send it as X-Auth-Token, or as Authorization: Bearer',
        );
      const known = this.#byHash.get(hashOf(token));
      if (known === undefined) throw new UnknownToken('The token is not valid');
      if (!isCovered(access, known.acl)) throw new Unauthorized(`The token lacks ${access}`);
      resolve(new LocalPrincipal(known, tenantUuid, this.masterTenant));
    });
  }

  list(): AccessToken[] {
    return [...this.#byHash.values()];
  }

  /**
   * The token itself is returned here and never again.
   *
   * @param grant what is not given: the master tenant, no user, everything allowed
   */
  async create(
    name: string,
    { tenantUuid = null, userUuid = null, acl = ['#'] }: Partial<Grant> = {},
  ): Promise<{ secret: string; token: AccessToken }> {
    const secret = `whd_${randomBytes(32).toString('base64url')}`;
    const token: AccessToken = {
      uuid: randomUUID(),
      name,
      hash: hashOf(secret),
      tenantUuid,
      userUuid,
      acl,
      createdAt: Date.now(),
    };
    await this.store.putToken(token);
    this.#byHash.set(token.hash, token);
    return { secret, token };
  }

  /** Whether there was one. */
  async revoke(uuid: string): Promise<boolean> {
    const token = this.list().find((known) => known.uuid === uuid);
    if (token === undefined) return false;
    await this.store.deleteToken(uuid);
    this.#byHash.delete(token.hash);
    return true;
  }

  /**
   * Sees to it that the file holds a token that works, for whoever administers this machine.
   *
   * @throws UserError when the file cannot be written
   */
  async ensureLocalToken(file: string): Promise<void> {
    const present = readLocalToken(file);
    if (present !== undefined && this.knows(present)) {
      chmodSync(file, 0o600);
      return;
    }
    for (const { uuid, name } of this.list()) if (name === localTokenName) await this.revoke(uuid);
    const { secret } = await this.create(localTokenName);
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
      writeFileSync(file, `${secret}\n`, { mode: 0o600 });
      chmodSync(file, 0o600);
    } catch (error) {
      throw new UserError(
        `auth.local_token_file: ${file} cannot be written: ${messageOf(error)}`,
        1,
        { cause: error },
      );
    }
  }
}

/**
 * Who sent a token made here. Only the master tenant's may ask for another tenant. Which tenant is the master's is found
 * out when a route wants to know: what belongs to no tenant, as the status, is answered before that.
 */
export class LocalPrincipal implements Principal {
  readonly userUuid: string | null;
  readonly serverUuid = null;

  constructor(
    private readonly grant: Pick<Grant, 'tenantUuid' | 'userUuid'>,
    private readonly asked: string | undefined,
    private readonly masterTenant: MasterTenant,
  ) {
    this.userUuid = grant.userUuid;
    if (asked === undefined || asked === this.ownTenantUuid) return;
    if (this.ownTenantUuid !== masterTenant.uuid)
      throw new Unauthorized(`The token may not act for the tenant ${asked}`);
  }

  /** Throws {@link MasterTenantUnknown}. */
  get ownTenantUuid(): string {
    return this.grant.tenantUuid ?? this.masterTenant.require();
  }

  /** Throws {@link MasterTenantUnknown}. */
  get tenantUuid(): string {
    return this.asked ?? this.ownTenantUuid;
  }

  /** Without wazo-auth there is one tenant above all others, and nothing in between. */
  visibleTenants(): Promise<Tenants> {
    const isMaster = this.tenantUuid === this.masterTenant.uuid;
    return Promise.resolve(isMaster ? 'all' : new Set([this.tenantUuid]));
  }
}

/** The local administrator's token; undefined when there is no file, or none for us to read. */
export function readLocalToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
