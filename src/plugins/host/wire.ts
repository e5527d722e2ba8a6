/** Messages between a host and the daemon are JSON, which knows no errors. */

/** As birpc makes them: a question, or the answer to one. */
export interface Message {
  t: 'q' | 's';
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
  const { name = 'Error', message: reason = '' } = said as Partial<Error>;
  return { ...message, e: Object.assign(new Error(reason), { name }) };
}

/** What came over the channel, without what is no message: a plugin may send words of its own. */
export const messagesIn = (batch: unknown): Message[] =>
  Array.isArray(batch) ? (batch as unknown[]).filter(isMessage) : [];

const isMessage = (one: unknown): one is Message =>
  typeof one === 'object' && one !== null && 't' in one && (one.t === 'q' || one.t === 's');
