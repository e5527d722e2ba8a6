/** Opaque access tokens: made here, kept as hashes, shown once. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import type { AccessToken } from '../model.ts';
import type { Store } from '../store/store.ts';

/** Who asks. */
export interface Principal {
  tenantUuid: string;
}

const localTokenName = 'local administrator';

/** 256 bits of chance need no salt and no slow hash. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

export class Tokens {
  /** By hash: looking one up takes the same time whether it exists or not. */
  readonly #byHash = new Map<string, AccessToken>();

  constructor(
    private readonly store: Pick<Store, 'tokens' | 'putToken' | 'deleteToken'>,
    private readonly masterTenantUuid: string,
  ) {}

  async load(): Promise<void> {
    for (const token of await this.store.tokens()) this.#byHash.set(token.hash, token);
  }

  /** Whose token this is; undefined when it is nobody's. */
  verify(token: string): Principal | undefined {
    const known = this.#byHash.get(hashOf(token));
    return known && { tenantUuid: known.tenantUuid };
  }

  list(): AccessToken[] {
    return [...this.#byHash.values()];
  }

  /** The token itself is returned here and never again. */
  async create(
    name: string,
    tenantUuid = this.masterTenantUuid,
  ): Promise<{ secret: string; token: AccessToken }> {
    const secret = `whd_${randomBytes(32).toString('base64url')}`;
    const token: AccessToken = {
      uuid: randomUUID(),
      name,
      hash: hashOf(secret),
      tenantUuid,
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
    if (present !== undefined && this.verify(present) !== undefined) {
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

/** The local administrator's token; undefined when there is no file, or none for us to read. */
export function readLocalToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
