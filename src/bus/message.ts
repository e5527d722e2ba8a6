/** Between AMQP messages and events. What comes from the bus is hostile until it has passed here. */
import { Buffer, isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { ConsumeMessage, MessageProperties, Options } from 'amqplib';
import type { BusEvent, Json, JsonObject } from '../model.ts';
import { oneLine } from '../one-line.ts';
import { undecodable } from './amqplib.ts';
import { exactData } from './exact-data.ts';

/** An event, or why a message is none. */
export type ParsedMessage =
  | {
      event: BusEvent;
      /** The data as they came, as JSON, when a number in them is not exact in `event`. */
      exactData: string | undefined;
    }
  | { rejected: string };

/**
 * Reads a message: JSON in UTF-8 with `name` (the header of that name counts first), `data` and
 * `origin_uuid`.
 *
 * @param maxSize largest body taken, bytes
 */
export function parseMessage(
  message: Pick<ConsumeMessage, 'content' | 'properties'>,
  maxSize: number,
): ParsedMessage {
  const { content, properties } = message;
  if (content.length > maxSize) {
    return { rejected: `its body of ${content.length} bytes is over the limit of ${maxSize}` };
  }
  if (content.length === 0) return { rejected: 'its body is empty' };
  if (!isUtf8(content)) return { rejected: 'its body is not UTF-8' };
  const text = content.toString();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    // It quotes the body.
    return { rejected: `its body is not JSON: ${oneLine((error as Error).message)}` };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { rejected: 'its body is not a JSON object' };
  }
  if (properties.headers !== undefined && undecodable in properties.headers) {
    const why = String(properties.headers[undecodable]);
    return { rejected: `its headers cannot be decoded: ${oneLine(why)}` };
  }
  let headers: JsonObject;
  try {
    headers = jsonHeaders(properties.headers ?? {});
  } catch (error) {
    return { rejected: `its headers are nested too deeply: ${(error as Error).message}` };
  }
  const name = textAt(headers, 'name') ?? textAt(body, 'name');
  if (name === undefined)
    return { rejected: 'it has no name, neither as a header nor in its body' };
  return {
    event: {
      name,
      data: Object.hasOwn(body, 'data') ? (body as { data: Json }).data : null,
      originUuid: textAt(body, 'origin_uuid') ?? textAt(headers, 'origin_uuid') ?? null,
      headers,
      receivedAt: Date.now(),
    },
    exactData: exactData(text),
  };
}

function textAt(source: object, key: string): string | undefined {
  const value = Object.hasOwn(source, key) ? (source as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Header values in forms that JSON has. */
function jsonHeaders(headers: Record<string, unknown>): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(headers)) {
    const value = headers[key];
    const plain = typeof value === 'string' || typeof value === 'boolean';
    // Plain assignment to `__proto__` would set the prototype instead of a key.
    if (key === '__proto__') continue;
    result[key] = plain ? value : jsonValue(value);
  }
  return result;
}

function jsonValue(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(jsonValue);
  // amqplib shows the AMQP types that JavaScript lacks as { '!': type, value }.
  if ('!' in value && 'value' in value) {
    return value['!'] === 'timestamp' ? isoTime(Number(value.value)) : jsonValue(value.value);
  }
  return jsonHeaders(value as Record<string, unknown>);
}

function isoTime(seconds: number): Json {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? seconds : date.toISOString();
}

/**
 * What tells a message that the broker delivers a second time from another one. Only a publisher can
 * say so: with a `message_id`, or with the `timestamp` header that Wazo's services set. Without
 * either, two messages that look the same are two events.
 *
 * @param dataJson the event's data, as JSON
 * @param headersJson the event's headers, as JSON
 */
export function fingerprintOf(
  properties: MessageProperties,
  event: BusEvent,
  dataJson: string,
  headersJson: string,
): string | null {
  const messageId: unknown = properties.messageId;
  const isIdentified =
    (typeof messageId === 'string' && messageId !== '') ||
    Object.hasOwn(event.headers, 'timestamp');
  if (!isIdentified) return null;
  return hash(
    'sha1',
    `${String(messageId)}\n${event.name}\n${published(headersJson, event.headers)}\n${dataJson}`,
    'base64',
  ).slice(0, 20);
}

/** A quorum queue counts in headers of its own how often it delivered a message before; the second came with 4.3. */
const queueCounts = ['x-delivery-count', 'x-acquired-count'];

/** The headers as they were published, as JSON. */
function published(headersJson: string, headers: JsonObject): string {
  if (!queueCounts.some((name) => Object.hasOwn(headers, name))) return headersJson;
  const own = Object.entries(headers).filter(([name]) => !queueCounts.includes(name));
  return JSON.stringify(Object.fromEntries(own));
}

/** An event to be published. */
export interface OutgoingEvent {
  name: string;
  data: Json;
  headers?: JsonObject;
}

/** The message for an event of this server: `{ name, origin_uuid, data }` with the headers Wazo's services set. */
export function buildMessage(
  { name, data, headers = {} }: OutgoingEvent,
  originUuid: string,
  messageId: string,
): { content: Buffer; options: Options.Publish } {
  return {
    content: Buffer.from(JSON.stringify({ name, origin_uuid: originUuid, data })),
    options: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      messageId,
      headers: { name, origin_uuid: originUuid, timestamp: new Date().toISOString(), ...headers },
    },
  };
}
