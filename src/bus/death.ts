/**
 * `x-death`, the header in which the broker writes down when and where a message died.
 *
 * A publisher may send one too. RabbitMQ 3.10 believes it: of entries that are not as it writes them itself,
 * the queue's process dies when it is to put the message aside, comes back with the message, and dies again.
 * Such a message must not be rejected; a copy without the header is put aside instead.
 */
import type { ConsumeMessage, MessageProperties, Options } from 'amqplib';
import { publishable, writableHeaders } from './headers.ts';

/** One entry as the broker writes it. */
interface Death {
  queue: string;
  reason: string;
  exchange: string;
  count: number;
  'routing-keys': string[];
  time: { '!': 'timestamp'; value: number };
}

/** The entries of a message's `x-death`, the last death first; undefined when the broker did not write it. */
export function deathsOf(headers: Record<string, unknown>): Death[] | undefined {
  if (!Object.hasOwn(headers, 'x-death')) return [];
  const entries = headers['x-death'];
  return Array.isArray(entries) && entries.every(isDeath) ? entries : undefined;
}

function isDeath(entry: unknown): entry is Death {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return false;
  const { queue, reason, exchange, count, time, 'routing-keys': keys } = entry as Partial<Death>;
  return (
    typeof queue === 'string' &&
    typeof reason === 'string' &&
    typeof exchange === 'string' &&
    typeof count === 'number' &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === 'string') &&
    time?.['!'] === 'timestamp'
  );
}

/** Whether the broker can put the message aside itself. What cannot be decoded here is left to it as well. */
export const canBeDeadLettered = ({ properties }: ConsumeMessage): boolean =>
  deathsOf(properties.headers ?? {}) !== undefined;

/** What a message is published with for the dead-letter queue, when the broker cannot do so. */
export function copyForDeadLetter(properties: MessageProperties): Options.Publish {
  try {
    return { ...publishable(properties, writableHeaders(properties)), persistent: true };
  } catch {
    return { ...publishable(properties, {}), persistent: true };
  }
}

/** What the content alone is published with, when the client library cannot write the message's properties again. */
export const bareCopy = (why: string): Options.Publish => ({
  headers: { 'x-properties-left-out': why },
  persistent: true,
});
