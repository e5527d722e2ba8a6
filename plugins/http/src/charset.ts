/** Text as bytes, in the charset that a Content-Type names. */
import { createRequire } from 'node:module';
import type iconv from 'iconv-lite';
import { UnsendableError } from './unsendable.ts';

const load = createRequire(import.meta.url);

/** What Node encodes itself, by names without the punctuation in which those of Python and IANA differ. */
const native: ReadonlyMap<string, BufferEncoding> = new Map([
  ['utf8', 'utf8'],
  ['u8', 'utf8'],
  ['ascii', 'ascii'],
  ['usascii', 'ascii'],
  ['latin1', 'latin1'],
  ['latin', 'latin1'],
  ['l1', 'latin1'],
  ['iso88591', 'latin1'],
  ['utf16le', 'utf16le'],
]);

/** iconv-lite has these too, but they are no charsets: they make bytes of text that spells bytes. */
const spellings = new Set(['base64', 'hex']);

/**
 * @param charset `utf-8`, `iso-8859-15`, `cp1252` ..., in Python's spelling too
 * @throws UnsendableError when nobody knows the charset, or it has not all of the text's characters
 */
export function encode(text: string, charset: string): Buffer {
  const name = charset.toLowerCase().replace(/[^a-z0-9]/g, '');
  const encoding = native.get(name);
  const [bytes, back] =
    encoding === undefined ? encodeRare(text, name, charset) : encodeNative(text, encoding);
  if (back !== text)
    throw new UnsendableError(`the body has characters that the charset ${charset} has not`);
  return bytes;
}

function encodeNative(text: string, encoding: BufferEncoding): [Buffer, string] {
  const bytes = Buffer.from(text, encoding);
  return [bytes, encoding.startsWith('utf') ? text : bytes.toString(encoding)];
}

function encodeRare(text: string, name: string, charset: string): [Buffer, string] {
  // Few subscriptions name such a charset: its tables are loaded for those only.
  const { encodingExists, encode: toBytes, decode } = load('iconv-lite') as typeof iconv;
  if (name === '' || spellings.has(name) || !encodingExists(name))
    throw new UnsendableError(`the charset ${charset} is not known`);
  const bytes = toBytes(text, name);
  const back = decode(bytes, name, { stripBOM: false });
  // The mark some charsets put before the text.
  return [bytes, back.startsWith('\uFEFF') && !text.startsWith('\uFEFF') ? back.slice(1) : back];
}
