/** Messages between a host and the daemon are JSON, which knows no errors. What a host sends may be a plugin's own words. */

/** As birpc makes them: a question, or the answer to one. */
export interface Message {
  t: 'q' | 's';
  /** What question and answer have in common; questions without one get no answer. */
  i?: string;
  /** What is asked for. */
  m?: string;
  /** Why there is no other answer. */
  e?: unknown;
}

/** A message as it is sent. */
export function toWire(message: Message): Message {
  const { e: error } = message;
  if (!(error instanceof Error)) return message;
  return { ...message, e: { name: error.name, message: error.message } };
}

/** A message as it was before it was sent. */
export function fromWire(message: Message): Message {
  const { e: said } = message;
  if (typeof said !== 'object' || said === null) return message;
  const { name, message: reason } = said as Record<string, unknown>;
  return {
    ...message,
    e: Object.assign(new Error(text(reason)), { name: text(name, 'Error') }),
  };
}

/** What came over the channel, without what is no message: a plugin may send words of its own. */
export const messagesIn = (batch: unknown): Message[] =>
  Array.isArray(batch) ? (batch as unknown[]).filter(isMessage) : [];

function isMessage(one: unknown): one is Message {
  if (typeof one !== 'object' || one === null) return false;
  const { t, m } = one as Record<string, unknown>;
  return t === 's' || (t === 'q' && typeof m === 'string');
}

/** A text that a host sent, where there may be anything else. */
export const text = (sent: unknown, otherwise = ''): string =>
  typeof sent === 'string' ? sent : otherwise;
