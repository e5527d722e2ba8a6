/**
 * Encryption at rest: AES-256-GCM with the key of a file. A sealed text says which key it needs, and is
 * bound to what it is for, so that it cannot be put somewhere else.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const version = 'v1';
const ivSize = 12;
const tagSize = 16;

/** A text that was sealed with another key, or was changed. */
class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
}

export class SecretBox {
  /** Tells keys apart without telling anything of them. */
  readonly keyId: string;

  /** @param key 32 bytes */
  constructor(readonly key: Buffer) {
    this.keyId = createHash('sha256')
      .update('webhookd key id')
      .update(key)
      .digest('hex')
      .slice(0, 12);
  }

  static withNewKey(): SecretBox {
    return new SecretBox(randomBytes(32));
  }

  /** @param purpose what the text is for; the same is needed to open it */
  seal(text: string, purpose: string): string {
    const iv = randomBytes(ivSize);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv);
    cipher.setAAD(Buffer.from(purpose));
    const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const packed = Buffer.concat([iv, cipher.getAuthTag(), content]).toString('base64');
    return `${version}.${this.keyId}.${packed}`;
  }

  /** @throws CannotOpen */
  open(sealed: string, purpose: string): string {
    const [format, keyId, packed = ''] = sealed.split('.');
    if (format !== version) throw new CannotOpen('it is not in a format known here');
    if (keyId !== this.keyId)
      throw new CannotOpen(
        `it was encrypted with the key ${String(keyId)}, the key here is ${this.keyId}`,
      );
    const bytes = Buffer.from(packed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, ivSize));
      decipher.setAAD(Buffer.from(purpose));
      decipher.setAuthTag(bytes.subarray(ivSize, ivSize + tagSize));
      const content = bytes.subarray(ivSize + tagSize);
      return decipher.update(content, undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw new CannotOpen('it was changed since it was encrypted', { cause: error });
    }
  }
}
