/** The daemon's own token of wazo-auth: asked for at start, renewed before it ends. */
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import type { Config } from '../../config/schema.ts';
import { messageOf } from '../../errors.ts';
import type { TokenDetails, WazoAuthClient } from './client.ts';

/** Asked for, s. */
const lifetime = 21_600;

/** Renewed after this part of its life. */
const renewAfter = 0.8;

/** Pauses after failures, s: 1, 2, 4 ... 32. */
const longestPause = 32;

export interface OwnTokenOptions {
  client: Pick<WazoAuthClient, 'createToken'>;
  auth: Pick<Config['auth'], 'username' | 'password' | 'keyFile'>;
  /** Told of every new token. */
  onToken: (token: TokenDetails) => void;
  log: Logger;
}

export class OwnToken {
  readonly #options: OwnTokenOptions;
  #current: TokenDetails | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: OwnTokenOptions) {
    this.#options = options;
  }

  /** Undefined as long as there is none. */
  get current(): string | undefined {
    return this.#current?.token;
  }

  /** Why the last try failed; undefined when it did not. */
  failure: string | undefined;

  start(): void {
    void this.#renew();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    const { client, auth, onToken, log } = this.#options;
    try {
      const token = await client.createToken(credentialsFrom(auth), lifetime);
      if (this.#isStopped) return;
      this.#current = token;
      if (this.failure !== undefined) log.info('wazo-auth gave the daemon a token');
      this.failure = undefined;
      this.#failures = 0;
      onToken(token);
      this.#renewIn(renewAfter * lifeOf(token));
    } catch (error) {
      if (this.#isStopped) return;
      const pause = Math.min(2 ** this.#failures++, longestPause);
      const reason = messageOf(error);
      // The same reason over and over is told once.
      if (reason !== this.failure)
        log.warn(`no token of the daemon's own, tried again in ${pause} s: ${reason}`);
      this.failure = reason;
      this.#renewIn(pause * 1000);
    }
  }

  #renewIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#renew(), ms);
    this.#timer.unref();
  }
}

/** ms; a clock that differs from wazo-auth's must not make us ask without end. */
function lifeOf({ expiresAt }: TokenDetails): number {
  const told = expiresAt === null ? Infinity : Math.max(expiresAt - Date.now(), 10_000);
  return Math.min(told, lifetime * 1000);
}

/** The key file is read at every try: it may come after the daemon. Throws when there are no credentials. */
function credentialsFrom({ username, password, keyFile }: OwnTokenOptions['auth']): {
  username: string;
  password: string;
} {
  if (username !== null && password !== null) return { username, password };
  if (keyFile === null)
    throw new Error('set auth.username and auth.password, or auth.key_file in the configuration');
  let key: unknown;
  try {
    key = parse(readFileSync(keyFile, 'utf8'));
  } catch (error) {
    throw new Error(`auth.key_file: ${keyFile} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { service_id: id, service_key: secret } = (key ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof secret !== 'string')
    throw new Error(`auth.key_file: ${keyFile} has no service_id and service_key`);
  return { username: id, password: secret };
}
