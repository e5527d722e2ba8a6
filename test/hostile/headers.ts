/** AMQP headers of every type that amqplib can send. */
import fc from 'fast-check';
import { key, objectOf, text } from './generators.ts';

const typed = <T>(type: string, values: fc.Arbitrary<T>) =>
  values.map((value) => ({ '!': type, value }));

const scalar = fc.oneof(
  fc.boolean(),
  fc.constant(null),
  text,
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.integer(),
  fc.double({ noNaN: true, min: 0, max: 2 ** 49 }),
  typed('int8', fc.integer({ min: -128, max: 127 })),
  typed('uint8', fc.nat(255)),
  typed('int16', fc.integer({ min: -32_768, max: 32_767 })),
  typed('uint16', fc.nat(65_535)),
  typed('int32', fc.integer()),
  typed('uint32', fc.nat(2 ** 32 - 1)),
  typed('int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  typed('timestamp', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  // RabbitMQ ends the connection of who sends it a number that is none, or an infinite one.
  typed('float', fc.float({ noNaN: true, noDefaultInfinity: true })),
  typed('double', fc.double({ noNaN: true, noDefaultInfinity: true })),
  typed('decimal', fc.record({ places: fc.nat(255), digits: fc.nat(2 ** 32 - 1) })),
);

/** A key has 255 bytes at most. */
const headerKey = key.filter((name) => Buffer.byteLength(name) <= 255);

/** On its way out a table with the key `!` would be taken for a type of AMQP. */
const innerKey = headerKey.filter((name) => name !== '!');

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(innerKey, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
}));

export const headerTable = fc.array(fc.tuple(headerKey, value), { maxLength: 8 }).map(objectOf);
