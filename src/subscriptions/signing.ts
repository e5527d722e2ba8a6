/**
 * Keys that deliveries are signed with, as Standard Webhooks 1.0.0 has them: a secret that the receiver
 * shares (`v1`), and a pair of which the receiver has the public key (`v1a`). A subscription gets its keys
 * when it is made; an older one when they are asked for first. After a rotation the former ones sign too, for a while.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signWith,
} from 'node:crypto';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { Sign, SignatureKind } from '../plugin-api/contract.ts';
import type { Store } from '../store/store.ts';
import { HmacSha256 } from './hmac.ts';

export interface SignerOptions {
  store: Pick<Store, 'signingKeys' | 'putSigningKeys'>;
  seal: (text: string, purpose: string) => string;
  /** Throws when it was sealed with a key that is lost. */
  open: (sealed: string, purpose: string) => string;
  /** How long former keys sign after a rotation unless somebody says otherwise, ms. */
  overlap: number;
  log: Logger;
}

/** One generation of keys, as it is kept. */
interface KeptKeys {
  /** 32 bytes, base64. */
  secret: string;
  /** PKCS#8 in DER, base64. */
  privateKey: string;
  createdAt: number;
  /** null: the present one. */
  expiresAt: number | null;
}

interface Keys extends KeptKeys {
  hmac: HmacSha256;
  /** Made when it is needed: few ask for this kind. */
  ed25519: KeyObject | undefined;
}

/** What a receiver may know. */
export interface ShownKeys {
  /** `whsec_...` */
  secret: string;
  /** `whpk_...` */
  publicKey: string;
  createdAt: number;
  expiresAt: number | null;
}

/** More generations than anybody needs: the oldest end early. */
const mostGenerations = 5;

/** The DER of an Ed25519 public key is this and the 32 bytes of the key (RFC 8410). */
const publicKeyPrefix = 12;

const purposeOf = (subscriptionUuid: string) => `signing keys ${subscriptionUuid}`;

export class Signer {
  readonly #options: SignerOptions;
  readonly #known = new Map<string, Keys[]>();
  readonly #asked = new Map<string, Promise<Keys[]>>();
  /** One rotation after the other: of two at once the keys of one would be lost. */
  #rotation: Promise<unknown> = Promise.resolve();

  constructor(options: SignerOptions) {
    this.#options = options;
  }

  /** Signs messages of one delivery. */
  signFor(subscriptionUuid: string, deliveryId: string): Sign {
    return (timestamp, body, kinds) => {
      const known = this.#known.get(subscriptionUuid);
      return known === undefined
        ? this.#load(subscriptionUuid).then((keys) =>
            signatures(keys, deliveryId, timestamp, body, kinds),
          )
        : signatures(known, deliveryId, timestamp, body, kinds);
    };
  }

  /** The keys that sign at present, the newest first. */
  async list(subscriptionUuid: string): Promise<ShownKeys[]> {
    const now = Date.now();
    return (await this.#load(subscriptionUuid)).filter((keys) => isValid(keys, now)).map(toShown);
  }

  /**
   * New keys; the former ones sign too for a while.
   *
   * @param overlap how long, ms; 0: no more at all
   */
  rotate(subscriptionUuid: string, overlap = this.#options.overlap): Promise<ShownKeys[]> {
    const rotated = this.#rotation
      .catch(() => undefined)
      .then(() => this.#rotate(subscriptionUuid, overlap));
    this.#rotation = rotated;
    return rotated;
  }

  async #rotate(subscriptionUuid: string, overlap: number): Promise<ShownKeys[]> {
    const now = Date.now();
    const former = (await this.#load(subscriptionUuid))
      .filter((keys) => isValid(keys, now))
      .map((keys) => ({ ...keys, expiresAt: Math.min(keys.expiresAt ?? Infinity, now + overlap) }));
    await this.#keep(subscriptionUuid, [makeKeys(), ...former].slice(0, mostGenerations));
    return this.list(subscriptionUuid);
  }

  /** The subscription is no more. */
  forget(subscriptionUuid: string): void {
    this.#known.delete(subscriptionUuid);
  }

  /** Those who ask at the same time get the same keys. */
  #load(subscriptionUuid: string): Promise<Keys[]> {
    const known = this.#known.get(subscriptionUuid);
    if (known !== undefined) return Promise.resolve(known);
    let asked = this.#asked.get(subscriptionUuid);
    if (asked === undefined) {
      asked = this.#read(subscriptionUuid).finally(() => this.#asked.delete(subscriptionUuid));
      this.#asked.set(subscriptionUuid, asked);
    }
    return asked;
  }

  async #read(subscriptionUuid: string): Promise<Keys[]> {
    const { store, open, log } = this.#options;
    const sealed = await store.signingKeys(subscriptionUuid);
    if (sealed === null) return this.#keep(subscriptionUuid, [makeKeys()]);
    let kept: KeptKeys[];
    try {
      kept = JSON.parse(open(sealed, purposeOf(subscriptionUuid))) as KeptKeys[];
    } catch (error) {
      // Better signed with keys that the receiver does not know yet than not delivered.
      log.error(
        { subscription: subscriptionUuid },
        `the signing keys cannot be decrypted (${messageOf(error)}): new ones were made, tell the receiver`,
      );
      return this.#keep(subscriptionUuid, [makeKeys()]);
    }
    const keys = kept.map(toKeys);
    this.#known.set(subscriptionUuid, keys);
    return keys;
  }

  async #keep(subscriptionUuid: string, kept: KeptKeys[]): Promise<Keys[]> {
    const { store, seal } = this.#options;
    const plain = kept.map(({ secret, privateKey, createdAt, expiresAt }) => ({
      secret,
      privateKey,
      createdAt,
      expiresAt,
    }));
    await store.putSigningKeys(
      subscriptionUuid,
      seal(JSON.stringify(plain), purposeOf(subscriptionUuid)),
    );
    const keys = plain.map(toKeys);
    this.#known.set(subscriptionUuid, keys);
    return keys;
  }
}

const isValid = ({ expiresAt }: KeptKeys, now: number) => expiresAt === null || expiresAt > now;

function makeKeys(): KeptKeys {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    secret: randomBytes(32).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    createdAt: Date.now(),
    expiresAt: null,
  };
}

const toKeys = (kept: KeptKeys): Keys => ({
  ...kept,
  hmac: new HmacSha256(Buffer.from(kept.secret, 'base64')),
  ed25519: undefined,
});

const privateKeyOf = ({ privateKey }: KeptKeys): KeyObject =>
  createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' });

function toShown(keys: Keys): ShownKeys {
  const publicKey = createPublicKey(privateKeyOf(keys))
    .export({ type: 'spki', format: 'der' })
    .subarray(publicKeyPrefix);
  return {
    secret: `whsec_${keys.secret}`,
    publicKey: `whpk_${publicKey.toString('base64')}`,
    createdAt: keys.createdAt,
    expiresAt: keys.expiresAt,
  };
}

/** A signature of each kind with each of the keys that are valid, separated by spaces. */
function signatures(
  all: Keys[],
  deliveryId: string,
  timestamp: number,
  body: string | Uint8Array,
  kinds: readonly SignatureKind[],
): string {
  const now = Date.now();
  const head = `${deliveryId}.${timestamp}.`;
  const parts: string[] = [];
  for (const keys of all) {
    if (!isValid(keys, now)) continue;
    for (const kind of kinds)
      parts.push(
        kind === 'v1' ? `v1,${keys.hmac.sign(head, body)}` : `v1a,${ed25519Of(keys, head, body)}`,
      );
  }
  return parts.join(' ');
}

function ed25519Of(keys: Keys, head: string, body: string | Uint8Array): string {
  keys.ed25519 ??= privateKeyOf(keys);
  const content = Buffer.concat([Buffer.from(head), Buffer.from(body as Uint8Array)]);
  return signWith(null, content, keys.ed25519).toString('base64');
}
