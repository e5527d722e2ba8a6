/**
 * HMAC-SHA256 (RFC 2104) with a key that is used again and again. Node's own makes an object of native memory for
 * every signature, which a busy daemon's garbage collector has to look after; a hash by itself does not.
 */
import { hash } from 'node:crypto';

const blockSize = 64;
const digestSize = 32;

export class HmacSha256 {
  readonly #inner: Buffer;
  /** Begins with the key; the inner hash is written behind it. */
  readonly #outer: Buffer;

  /** @param key at most 64 bytes */
  constructor(key: Uint8Array) {
    if (key.length > blockSize) throw new RangeError(`the key has more than ${blockSize} bytes`);
    this.#inner = Buffer.alloc(blockSize, 0x36);
    this.#outer = Buffer.alloc(blockSize + digestSize);
    this.#outer.fill(0x5c, 0, blockSize);
    for (const [place, byte] of key.entries()) {
      this.#inner[place] = 0x36 ^ byte;
      this.#outer[place] = 0x5c ^ byte;
    }
  }

  /** Of both together, in base64. */
  sign(head: string, body: string | Uint8Array): string {
    const headSize = Buffer.byteLength(head);
    const bodySize = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const message = Buffer.allocUnsafe(blockSize + headSize + bodySize);
    this.#inner.copy(message);
    message.write(head, blockSize);
    if (typeof body === 'string') message.write(body, blockSize + headSize);
    else message.set(body, blockSize + headSize);
    hash('sha256', message, 'buffer').copy(this.#outer, blockSize);
    return hash('sha256', this.#outer, 'base64');
  }
}
