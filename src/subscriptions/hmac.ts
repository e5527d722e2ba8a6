/**
 * HMAC-SHA256 (RFC 2104) with a key that is used again and again. Node's own makes an object of native memory for
 * every signature, which a busy daemon's garbage collector has to look after; a hash by itself does not.
 */
import { hash } from 'node:crypto';

const blockSize = 64;
const digestSize = 32;

/** Most messages are put together here, one after the other: memory of their own would be work for the collector. */
const scratch = Buffer.alloc(16 * 1024);

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
    const message = roomFor(head, body);
    this.#inner.copy(message);
    const bodyAt = blockSize + message.write(head, blockSize);
    let end = bodyAt + body.length;
    if (typeof body === 'string') end = bodyAt + message.write(body, bodyAt);
    else message.set(body, bodyAt);
    // As a string: a buffer for 32 bytes costs more than the hash.
    const digest = hash('sha256', message.subarray(0, end), 'binary');
    this.#outer.write(digest, blockSize, 'latin1');
    return hash('sha256', this.#outer, 'base64');
  }
}

/** Room for a block and both, in UTF-8, where a character of a string takes three bytes at most. */
function roomFor(head: string, body: string | Uint8Array): Buffer {
  const isShort = blockSize + 3 * (head.length + body.length) <= scratch.length;
  return isShort
    ? scratch
    : Buffer.allocUnsafe(blockSize + Buffer.byteLength(head) + Buffer.byteLength(body));
}
