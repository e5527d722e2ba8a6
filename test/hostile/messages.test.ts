/** What comes over the bus, taken by the parts that take it. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MessagePropertyHeaders } from 'amqplib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { undecodable } from '../../dist/bus/amqplib.js';
import { fingerprintOf, parseMessage } from '../../dist/bus/message.js';
import { Matcher } from '../../dist/subscriptions/matcher.js';
import { patternTest } from '../../dist/subscriptions/patterns.js';
import { sampleMessage } from '../support/messages.ts';
import { masterTenant, sampleEvent, sampleSubscription } from '../support/samples.ts';
import { brokenJson, deepText, json, jsonObject, key, objectOf, text } from './generators.ts';
import { headerTable } from './headers.ts';
import { patience, settings } from './settings.ts';

const require = createRequire(import.meta.url);

/** The codec that amqplib decodes with: it is the one that `bus/amqplib` mends. */
const { decodeFields, encodeTable } = require(
  join(dirname(require.resolve('amqplib')), 'lib', 'codec.js'),
) as {
  decodeFields: (bytes: Buffer) => Record<string | symbol, unknown>;
  encodeTable: (buffer: Buffer, table: object, offset: number) => number;
};

const content = fc.oneof(
  { weight: 3, arbitrary: jsonObject.map((value) => Buffer.from(JSON.stringify(value))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(text, json, json)
      .map(([name, data, origin_uuid]) => Buffer.from(JSON.stringify({ name, data, origin_uuid }))),
  },
  { weight: 2, arbitrary: brokenJson.map((broken) => Buffer.from(broken)) },
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  json.map((value) => Buffer.from(JSON.stringify(value), 'utf16le')),
  json.map((value) => Buffer.from(`\ufeff${JSON.stringify(value)}`)),
  deepText.map((deep) => Buffer.from(`{"name":"deep","data":${deep}}`)),
);

test(
  'a message is an event that JSON can hold, or is refused with a reason of one line',
  patience,
  () => {
    fc.assert(
      fc.property(
        content,
        fc.option(headerTable, { nil: undefined }),
        fc.option(text),
        (body, headers, messageId) => {
          const message = sampleMessage({
            body,
            headers: headers as MessagePropertyHeaders,
            ...(messageId === null ? {} : { messageId }),
          });
          const parsed = parseMessage(message, 1_048_576);
          if ('rejected' in parsed) {
            expect(parsed.rejected).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,300}$/u);
            return;
          }
          const { event } = parsed;
          expect(event.name).not.toBe('');
          expect(Object.getPrototypeOf(event.headers)).toBe(Object.prototype);
          const headersJson = JSON.stringify(event.headers);
          expect(JSON.stringify(JSON.parse(headersJson))).toBe(headersJson);
          const print = fingerprintOf(message.properties, event, 'data', headersJson);
          expect(print === null || print.length === 20).toBe(true);
        },
      ),
      settings(5),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
);

test('a header table that the broker sends is decoded, or said to be undecodable', patience, () => {
  /** Tables as they are on the wire, then with a byte here and there that is another. */
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((any) => Buffer.from(any)),
    fc
      .tuple(headerTable, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([table, changes]) => {
        const buffer = Buffer.alloc(2_000_000);
        const encoded = buffer.subarray(4, encodeTable(buffer, table, 0));
        for (const [place, byte] of changes)
          if (encoded.length > 0) encoded[place % encoded.length] = byte;
        return Buffer.from(encoded);
      }),
  );
  fc.assert(
    fc.property(bytes, (slice) => {
      const headers = decodeFields(slice) as MessagePropertyHeaders;
      const parsed = parseMessage(sampleMessage({ body: { name: 'x' }, headers }), 1_000);
      expect('rejected' in parsed).toBe(undecodable in headers);
    }),
    settings(2),
  );
});

const names = fc.oneof(
  text,
  fc
    .array(fc.constantFrom('a', 'b', '*', 'ab', '__proto__'), { maxLength: 8 })
    .map((parts) => parts.join('')),
);

test('the matcher finds names and patterns of any kind, as they are', patience, () => {
  fc.assert(
    fc.property(
      fc.array(names, { minLength: 1, maxLength: 6 }),
      names,
      fc.array(fc.tuple(key, json)),
      (wanted, name, headers) => {
        const matcher = new Matcher({ uuid: masterTenant });
        const subscriptions = wanted.map((one) => sampleSubscription({ events: [one] }));
        for (const subscription of subscriptions) matcher.add(subscription);
        const found = matcher.match(sampleEvent({ name, headers: objectOf(headers) as never }));
        const expected = subscriptions.filter((_, place) => fits(wanted[place] ?? '', name));
        expect(new Set(found)).toEqual(new Set(expected));
        for (const subscription of subscriptions) matcher.remove(subscription);
        expect(matcher.match(sampleEvent({ name }))).toEqual([]);
      },
    ),
    settings(2),
  );
});

/** What a pattern means, written down without a thought of cost. */
function fits(pattern: string, name: string): boolean {
  let reached = new Set([0]);
  for (const character of pattern) {
    const next = new Set<number>();
    for (const place of reached)
      if (character === '*') for (let to = place; to <= name.length; to++) next.add(to);
      else if (name.startsWith(character, place)) next.add(place + character.length);
    reached = next;
  }
  return reached.has(name.length);
}

test('no pattern takes long over a name, whatever the two are', () => {
  const patterns = [
    '*a'.repeat(64),
    `${'*'.repeat(127)}b`,
    '*aa'.repeat(42),
    `${'a*'.repeat(63)}b`,
  ];
  const long = 'a'.repeat(1_000_000);
  for (const pattern of patterns) {
    const test = patternTest(pattern);
    const { user } = process.cpuUsage();
    for (let round = 0; round < 10; round++) test.test(long);
    expect((process.cpuUsage().user - user) / 10_000, pattern.slice(0, 10)).toBeLessThan(50);
  }
});
