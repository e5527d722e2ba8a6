/** Who asks, and how that is found out. */

/** Tenants by uuid, or every one there is. */
export type Tenants = ReadonlySet<string> | 'all';

/** Whoever sent a request, once it is known that they may. */
export interface Principal {
  /** The tenant the request is about: the token's own, or one below it that was asked for. */
  readonly tenantUuid: string;
  /** The token's own tenant, whatever was asked for. */
  readonly ownTenantUuid: string;
  /** The token's user; null for a token that belongs to no person. */
  readonly userUuid: string | null;
  /** The server the token comes from; null when nobody says. */
  readonly serverUuid: string | null;
  /** The tenant the request is about, and those below it. */
  visibleTenants(): Promise<Tenants>;
}

/** What a request says of who sends it. */
export interface Credentials {
  token: string | undefined;
  /** The tenant asked for; undefined: the token's own. */
  tenantUuid: string | undefined;
  /** What is to be done, as a word of an ACL: `webhookd.subscriptions.read`. */
  access: string;
}

/** Finds out who asks. */
export interface Authenticator {
  /** Rejects with {@link Unauthorized}, {@link AuthUnreachable} or {@link MasterTenantUnknown}. */
  authenticate(credentials: Credentials): Promise<Principal>;
}

/** No token, one that nobody knows, or one that may not do this. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized';

  constructor(message = 'The token is not valid, or may not do this') {
    super(message);
  }
}

/** No token, or one that nobody knows: as opposed to one that may not do this. */
export class UnknownToken extends Unauthorized {}

/** The service that knows the tokens does not answer. */
export class AuthUnreachable extends Error {
  override readonly name = 'AuthUnreachable';
}

/** It is not known yet which tenant is the master. */
export class MasterTenantUnknown extends Error {
  override readonly name = 'MasterTenantUnknown';

  constructor() {
    super('The master tenant is not known yet: wazo-auth has not told it');
  }
}
