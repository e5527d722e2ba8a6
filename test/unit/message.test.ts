import type { MessagePropertyHeaders } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { buildMessage, parseMessage } from '../../dist/bus/message.js';
import type { BusEvent } from '../../dist/model.js';
import { deepJson, type MessageParts, sampleMessage } from '../support/messages.ts';

const maxSize = 1_000_000;

function eventOf(parts: MessageParts): BusEvent {
  const parsed = parseMessage(sampleMessage(parts), maxSize);
  if ('rejected' in parsed) throw new Error(`rejected: ${parsed.rejected}`);
  return parsed.event;
}

function rejectionOf(parts: MessageParts, limit = maxSize): string | undefined {
  const parsed = parseMessage(sampleMessage(parts), limit);
  return 'rejected' in parsed ? parsed.rejected : undefined;
}

const headersOf = (headers: MessagePropertyHeaders) =>
  eventOf({ headers: { name: 'x', ...headers } }).headers;

const nestedTable = (levels: number) => {
  let table: Record<string, unknown> = {};
  for (let level = 0; level < levels; level++) table = { a: table };
  return table;
};

describe('a message is an event', () => {
  test('with name, data and origin of its body', () => {
    const before = Date.now();
    const event = eventOf({
      body: { name: 'call_created', origin_uuid: 'here', data: { id: [1, null, 'x'] }, more: 1 },
    });
    expect(event).toMatchObject({
      name: 'call_created',
      originUuid: 'here',
      data: { id: [1, null, 'x'] },
      headers: {},
    });
    expect(event.receivedAt).toBeGreaterThanOrEqual(before);
  });

  test('whose name in the headers counts before the one in the body', () => {
    expect(eventOf({ body: { name: 'body' }, headers: { name: 'header' } }).name).toBe('header');
    expect(eventOf({ body: { name: 'body' }, headers: { name: 5 } }).name).toBe('body');
    expect(eventOf({ body: { name: 'body' }, headers: { name: '' } }).name).toBe('body');
  });

  test('whose origin in the body counts before the one in the headers', () => {
    expect(
      eventOf({ body: { name: 'x', origin_uuid: 'body' }, headers: { origin_uuid: 'header' } })
        .originUuid,
    ).toBe('body');
    expect(
      eventOf({ body: { name: 'x', origin_uuid: null }, headers: { origin_uuid: 'header' } })
        .originUuid,
    ).toBe('header');
    expect(eventOf({ body: { name: 'x' } }).originUuid).toBeNull();
  });

  test.each([[null], [0], [''], [false], [[]], ['text']])('whatever its data are: %j', (data) => {
    expect(eventOf({ body: { name: 'x', data } }).data).toEqual(data);
  });

  test('without data: they are null', () => {
    expect(eventOf({ body: { name: 'x' } }).data).toBeNull();
    expect(eventOf({ body: Buffer.from('{"name":"x","__proto__":{"data":1}}') }).data).toBeNull();
  });

  test('with a name of 10,000 characters', () => {
    expect(eventOf({ body: { name: 'n'.repeat(10_000) } }).name).toHaveLength(10_000);
  });

  test.each([1_000, 100_000])('with data %i levels deep', (levels) => {
    const body = Buffer.from(`{"name":"x","data":${deepJson(levels)}}`);
    expect(eventOf({ body }).data).toBeInstanceOf(Array);
  });

  test('as large as the limit', () => {
    const body = Buffer.from(`{"name":"x"}${' '.repeat(88)}`);
    expect(rejectionOf({ body }, 100)).toBeUndefined();
    expect(rejectionOf({ body }, 99)).toBe('its body of 100 bytes is over the limit of 99');
  });
});

describe('a message is refused', () => {
  test.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /^its body is empty$/],
    ['not JSON', Buffer.from('hello'), /^its body is not JSON: /],
    ['JSON that breaks off', Buffer.from('{"name":"x"'), /^its body is not JSON: /],
    ['two JSON values', Buffer.from('{"name":"x"}{"name":"y"}'), /^its body is not JSON: /],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /^its body is not UTF-8$/],
    ['compressed', Buffer.from([0x1f, 0x8b, 0x08, 0x00]), /^its body is not UTF-8$/],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le'), /^its body is not JSON: /],
    ['an array', Buffer.from('[{"name":"x"}]'), /^its body is not a JSON object$/],
    ['text', Buffer.from('"name"'), /^its body is not a JSON object$/],
    ['a number', Buffer.from('5'), /^its body is not a JSON object$/],
    ['null', Buffer.from('null'), /^its body is not a JSON object$/],
    [
      'a hundred thousand levels deep and an array',
      Buffer.from(deepJson(100_000)),
      /^its body is not /,
    ],
    [
      'without a name',
      Buffer.from('{"data":{}}'),
      /^it has no name, neither as a header nor in its body$/,
    ],
    ['with a name that is a number', Buffer.from('{"name":5}'), /^it has no name/],
    ['with an empty name', Buffer.from('{"name":""}'), /^it has no name/],
    ['with a name in its prototype', Buffer.from('{"__proto__":{"name":"x"}}'), /^it has no name/],
  ])('%s', (_what, body, reason) => {
    expect(rejectionOf({ body })).toMatch(reason);
  });

  test('with headers a hundred thousand levels deep', () => {
    expect(rejectionOf({ headers: { name: 'x', deep: nestedTable(100_000) } })).toMatch(
      /nested too deeply/,
    );
  });
});

describe('headers have a form in JSON', () => {
  test('binary ones are base64', () => {
    expect(headersOf({ bin: Buffer.from([0, 255, 1]), inner: { bin: Buffer.from('hi') } })).toEqual(
      {
        name: 'x',
        bin: 'AP8B',
        inner: { bin: 'aGk=' },
      },
    );
  });

  test('types that JavaScript lacks are values, timestamps are dates', () => {
    const headers = headersOf({
      at: { '!': 'timestamp', value: 1_700_000_000 },
      never: { '!': 'timestamp', value: 1e300 },
      byte: { '!': 'byte', value: 5 },
      decimal: { '!': 'decimal', value: { places: 2, digits: 314 } },
    });
    expect(headers).toEqual({
      name: 'x',
      at: '2023-11-14T22:13:20.000Z',
      never: 1e300,
      byte: 5,
      decimal: { places: 2, digits: 314 },
    });
  });

  test('numbers that JSON lacks are text, what has no form is null', () => {
    const headers = headersOf({
      nan: NaN,
      infinite: -Infinity,
      big: 2n ** 63n,
      zero: -0.5,
      nothing: undefined,
      none: null,
    });
    expect(headers).toEqual({
      name: 'x',
      nan: 'NaN',
      infinite: '-Infinity',
      big: '9223372036854775808',
      zero: -0.5,
      nothing: null,
      none: null,
    });
  });

  test('lists and tables stay what they are', () => {
    expect(headersOf({ list: [1, [true, null], { a: 'b' }] })['list']).toEqual([
      1,
      [true, null],
      { a: 'b' },
    ]);
  });

  test('one named __proto__ is dropped, and changes no prototype', () => {
    const hostile = JSON.parse(
      '{"name":"x","__proto__":{"polluted":1},"inner":{"__proto__":{"polluted":1},"kept":2}}',
    ) as MessagePropertyHeaders;
    const { headers } = eventOf({ headers: hostile });
    expect(JSON.stringify(headers)).toBe('{"name":"x","inner":{"kept":2}}');
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('a published event', () => {
  test('comes back as it was, with its name, origin and time in the headers', () => {
    const { content, options } = buildMessage(
      { name: 'call_created', data: { id: 'ü' }, headers: { tenant_uuid: 't' } },
      'here',
      'an-id',
    );
    expect(options).toMatchObject({ messageId: 'an-id', contentType: 'application/json' });
    const event = eventOf({ body: content, headers: options.headers as MessagePropertyHeaders });
    expect(event).toMatchObject({ name: 'call_created', originUuid: 'here', data: { id: 'ü' } });
    expect(event.headers).toEqual({
      name: 'call_created',
      origin_uuid: 'here',
      tenant_uuid: 't',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });
});
