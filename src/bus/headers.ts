/** Headers and other properties that came from the bus, on their way there again. */
import type { MessageProperties, Options } from 'amqplib';
import { undecodable } from './amqplib.ts';

/** What the broker writes down when it puts a message aside. */
export const isDeathHeader = (name: string): boolean => /^x-(first-|last-)?death/.test(name);

/** To whom else the broker is to route a copy: a message that is put aside, or back, is for one queue. */
const isCopyHeader = (name: string): boolean => name === 'CC' || name === 'BCC';

const longestKey = 255;

const latestTime = 2n ** 64n - 1n;

/** The last number before 2^64: later ones are read as that, which cannot be written. */
const latestNumber = 2 ** 64 - 2 ** 11;

/**
 * A message's properties, to publish it with again. The broker lets nobody publish as another user, and closes the
 * channel; and nothing that is put aside, or back, may expire before somebody has looked at it.
 */
export function publishable(
  properties: MessageProperties,
  headers: Record<string, unknown>,
): Options.Publish {
  const options = { ...(properties as Options.Publish), headers };
  delete options.userId;
  delete options.expiration;
  if (options.timestamp !== undefined)
    options.timestamp = Math.min(options.timestamp, latestNumber);
  return options;
}

/**
 * The publisher's own headers in a form that amqplib can write: it reads more than it writes.
 *
 * @throws Error when they cannot be written, so that the message would be another one
 */
export function writableHeaders({ headers = {} }: MessageProperties): Record<string, unknown> {
  if (undecodable in headers) throw new Error('its headers could not be decoded');
  const own = Object.entries(headers).filter(
    ([name]) => !isDeathHeader(name) && !isCopyHeader(name),
  );
  return writableTable(own);
}

function writableTable(entries: [string, unknown][]): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    if (Buffer.byteLength(key) > longestKey) throw new Error('a header has too long a name');
    table[key] = writable(value);
  }
  return table;
}

function writable(value: unknown): unknown {
  // Of other numbers amqplib makes 64-bit integers, which they are not.
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? value : { '!': 'double', value };
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(writable);
  if (!('!' in value)) return writableTable(Object.entries(value));
  const { '!': type, value: inner } = value as { '!': unknown; value?: unknown };
  if (type === 'decimal') return value;
  if (type !== 'timestamp' || typeof inner !== 'number')
    throw new Error('a table has the key `!`, which means a type to the library');
  const time = BigInt(inner);
  return { '!': 'timestamp', value: time > latestTime ? latestTime : time };
}
