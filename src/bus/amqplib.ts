/**
 * amqplib, with two faults of its decoder of header tables mended.
 *
 * An error in it ends the connection; the broker then delivers the message again, and so on for ever. Tables
 * nested some thousand levels deep do that (the decoder calls itself for every level, and one frame has room
 * for them), and those with a type that the library does not know. And a header named `__proto__` becomes the
 * prototype of what is decoded: a table that passes for a buffer, or has headers that nobody sees.
 *
 * Here such a table decodes to {@link undecodable}, so that the message can be rejected like any other that is
 * no event.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { ChannelModel } from 'amqplib';
import { messageOf } from '../errors.ts';

/** The key of what stands for headers that could not be decoded; the value says why. */
export const undecodable = Symbol('undecodable');

const require = createRequire(import.meta.url);
const codec = require(join(dirname(require.resolve('amqplib')), 'lib', 'codec.js')) as {
  decodeFields: (slice: Buffer) => object;
};
const { decodeFields } = codec;

// The rest of the library takes the function from the module when it is loaded, which is after this.
codec.decodeFields = (slice) => {
  try {
    const fields = decodeFields(slice);
    // Looking for the name costs next to nothing; it is hardly ever there.
    const isSuspect = slice.includes('__proto__');
    return isSuspect && !isPlain(fields) ? standIn(slice, 'one is named __proto__') : fields;
  } catch (error) {
    const message = messageOf(error);
    return standIn(slice, message.includes('call stack') ? 'nested too deeply' : message);
  }
};

/** That there is an `x-death` has to be known even then: see `death.ts`. */
const standIn = (slice: Buffer, why: string) => ({
  [undecodable]: why,
  ...(slice.includes('x-death') ? { 'x-death': null } : {}),
});

/** Whether no table in a decoded value got a prototype. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Buffer.prototype) return true;
  return prototype === Object.prototype && Object.values(value).every(isPlain);
}

export const { connect } = require('amqplib') as typeof import('amqplib');

/** The library's types leave it out. */
const socketOf = (model: ChannelModel) =>
  (model.connection as unknown as { stream: Socket }).stream;

/** How many bytes have come over a connection since it was opened. */
export const bytesReceived = (model: ChannelModel): number => socketOf(model).bytesRead;

/**
 * Lets go of a connection's socket, which a broker that reads nothing would keep open, and the process with it.
 * What still waits for an answer on the connection fails.
 */
export function hangUp(model: ChannelModel): void {
  socketOf(model).destroy(new Error('the connection was given up'));
}
