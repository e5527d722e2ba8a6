/**
 * amqplib, with one fault mended: its decoder of header tables calls itself for every level of nesting.
 * A message whose headers are nested some thousand levels deep (one frame has room for them) overflows
 * the stack inside the library, which ends the connection; the broker then delivers the message again,
 * and so on for ever. Here such a table decodes to {@link undecodable}, so that the message can be
 * rejected like any other that is no event.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { ChannelModel } from 'amqplib';

/** The key of what stands for headers that could not be decoded. */
export const undecodable = Symbol('undecodable');

const require = createRequire(import.meta.url);
const codec = require(join(dirname(require.resolve('amqplib')), 'lib', 'codec.js')) as {
  decodeFields: (slice: Buffer) => object;
};
const { decodeFields } = codec;

// The rest of the library takes the function from the module when it is loaded, which is after this.
codec.decodeFields = (slice) => {
  try {
    return decodeFields(slice);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { [undecodable]: error.message };
  }
};

export const { connect } = require('amqplib') as typeof import('amqplib');

/** How many bytes have come over a connection since it was opened; the library's types leave the socket out. */
export function bytesReceived(model: ChannelModel): number {
  return (model.connection as unknown as { stream: Socket }).stream.bytesRead;
}
