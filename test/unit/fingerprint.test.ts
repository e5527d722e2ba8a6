import { describe, expect, test } from 'vitest';
import { fingerprintOf, parseMessage } from '../../dist/bus/message.js';
import { type MessageParts, sampleMessage } from '../support/messages.ts';

function fingerprint(parts: MessageParts): string | null {
  const message = sampleMessage(parts);
  const parsed = parseMessage(message, 1_000_000);
  if ('rejected' in parsed) throw new Error(parsed.rejected);
  const { event } = parsed;
  return fingerprintOf(
    message.properties,
    event,
    JSON.stringify(event.data),
    JSON.stringify(event.headers),
  );
}

const body = { name: 'call_created', data: { id: 1 } };
const stamped = { timestamp: '2026-11-23T10:00:00' };

describe('the fingerprint of a message', () => {
  test('is there when its publisher identifies it, by id or by time', () => {
    expect(fingerprint({ body, messageId: 'a' })).toHaveLength(20);
    expect(fingerprint({ body, headers: stamped })).toHaveLength(20);
  });

  test('is missing without either: two that look the same are two events', () => {
    expect(fingerprint({ body })).toBeNull();
    expect(fingerprint({ body, messageId: '' })).toBeNull();
    expect(fingerprint({ body, headers: { other: 1 } })).toBeNull();
  });

  test('is the same for a second copy', () => {
    const parts = { body, headers: { ...stamped, name: 'call_created' }, messageId: 'a' };
    expect(fingerprint({ ...parts, tag: 1 })).toBe(fingerprint({ ...parts, tag: 99 }));
  });

  test('is the same when a quorum queue counts how often it delivered the message', () => {
    const parts = { body, headers: { ...stamped, name: 'call_created' } };
    const counts = { 'x-delivery-count': 2, 'x-acquired-count': 3 };
    const again = { ...parts, headers: { ...parts.headers, ...counts } };
    expect(fingerprint({ ...again, headers: { ...parts.headers, 'x-acquired-count': 1 } })).toBe(
      fingerprint(parts),
    );
    expect(fingerprint(again)).toBe(fingerprint(parts));
    expect(fingerprint(parts)).not.toBeNull();
  });

  test.each<[string, MessageParts, MessageParts]>([
    ['id', { body, messageId: 'a' }, { body, messageId: 'b' }],
    ['time', { body, headers: stamped }, { body, headers: { timestamp: '2026-11-23T10:00:01' } }],
    ['data', { body, headers: stamped }, { body: { ...body, data: { id: 2 } }, headers: stamped }],
    [
      'name',
      { body, headers: stamped },
      { body: { ...body, name: 'call_ended' }, headers: stamped },
    ],
    [
      'headers',
      { body, headers: { ...stamped, tenant_uuid: 'a' } },
      { body, headers: { ...stamped, tenant_uuid: 'b' } },
    ],
  ])('differs with the %s', (_what, one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });
});
