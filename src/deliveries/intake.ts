/**
 * Takes events in: parse, match, commit, ack, hand on.
 *
 * An event is acked after the transaction with all its deliveries is on disk. Commits end in the order
 * they were asked for, so one ack covers everything up to the last message of a commit, those that
 * nobody wanted included.
 */
import type { ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { ConsumerSession } from '../bus/consumer.ts';
import { fingerprintOf, parseMessage } from '../bus/message.ts';
import type { BusEvent, Delivery } from '../model.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { EventRecord } from '../store/store.ts';
import type { Matcher } from '../subscriptions/matcher.ts';
import type { RecentEvents } from './recent-events.ts';

export interface IntakeOptions {
  matcher: Pick<Matcher, 'match'>;
  commits: Pick<GroupCommit, 'addEvent'>;
  recent: RecentEvents;
  /** Gets the deliveries once they are on disk. */
  onCommitted: (deliveries: Delivery[]) => void;
  /** Gets every event, wanted or not; must not throw. */
  onEvent: (event: BusEvent) => void;
  /** Largest message taken, bytes. */
  maxMessageSize: number;
  log: Logger;
}

/** A wanted event on its way to the disk. */
interface Entry {
  message: ConsumeMessage;
  session: ConsumerSession;
  /** What may be acked once this is on disk: the last message of each session. */
  acks: Map<ConsumerSession, ConsumeMessage>;
  deliveries: Delivery[];
  fingerprint: string | null;
}

export class Intake {
  readonly #options: IntakeOptions;
  /** The entry added last, until it is on disk. */
  #lastEntry: Entry | undefined;
  #ackable = new Map<ConsumerSession, ConsumeMessage>();
  #committed: Delivery[] = [];
  #isFlushing = false;
  /** Messages sent to the dead-letter exchange since the start. */
  #rejected = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Takes one message from the bus. Never throws. */
  receive(message: ConsumeMessage, session: ConsumerSession): void {
    const parsed = parseMessage(message, this.#options.maxMessageSize);
    if ('rejected' in parsed) {
      this.#reject(message, session, parsed.rejected);
      return;
    }
    const { event } = parsed;
    this.#options.onEvent(event);
    const subscriptions = this.#options.matcher.match(event);
    if (subscriptions.length === 0) {
      this.#skip(message, session);
      return;
    }
    let json: { data: string; headers: string };
    try {
      json = { data: JSON.stringify(event.data), headers: JSON.stringify(event.headers) };
    } catch (error) {
      this.#reject(message, session, `it is nested too deeply: ${(error as Error).message}`);
      return;
    }
    const fingerprint = fingerprintOf(message.properties, event, json.data, json.headers);
    if (fingerprint !== null && this.#options.recent.has(fingerprint)) {
      this.#options.log.info({ event: event.name, message_id: message.properties.messageId as unknown }, 'the broker delivered an event again that is already kept');
      this.#skip(message, session);
      return;
    }
    const size = json.data.length + json.headers.length;
    const deliveries = subscriptions.map(({ uuid }) => ({ id: uuidv7(), subscriptionUuid: uuid, event, attempts: 0, size }));
    this.#keep({ message, session, acks: new Map([[session, message]]), deliveries, fingerprint }, event, json);
  }

  #keep(entry: Entry, event: BusEvent, json: { data: string; headers: string }): void {
    const { fingerprint, deliveries } = entry;
    if (fingerprint !== null) this.#options.recent.add(fingerprint);
    const record: EventRecord = {
      name: event.name,
      originUuid: event.originUuid,
      headers: json.headers,
      data: json.data,
      receivedAt: event.receivedAt,
      fingerprint,
      deliveries: deliveries.map(({ id, subscriptionUuid }) => ({ id, subscriptionUuid })),
    };
    this.#lastEntry = entry;
    this.#options.commits.addEvent(record, (error) => this.#settle(entry, error));
  }

  #settle(entry: Entry, error: Error | undefined): void {
    if (this.#lastEntry === entry) this.#lastEntry = undefined;
    if (error === undefined) {
      for (const delivery of entry.deliveries) this.#committed.push(delivery);
    } else {
      if (entry.fingerprint !== null) this.#options.recent.delete(entry.fingerprint);
      this.#reject(entry.message, entry.session, `it cannot be stored: ${error.message}`);
      if (entry.acks.get(entry.session) === entry.message) entry.acks.delete(entry.session);
    }
    for (const [session, message] of entry.acks) this.#ackable.set(session, message);
    this.#flushSoon();
  }

  /**
   * Nothing to keep: acked at once, or after what is on its way to the disk: one ack covers all before
   * it, and the message may be a second copy of one of those.
   */
  #skip(message: ConsumeMessage, session: ConsumerSession): void {
    if (this.#lastEntry !== undefined) {
      this.#lastEntry.acks.set(session, message);
      return;
    }
    this.#ackable.set(session, message);
    this.#flushSoon();
  }

  /** Once for all messages that a commit or a packet brought. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      for (const [session, message] of this.#ackable) session.ackUpTo(message);
      this.#ackable.clear();
      if (this.#committed.length === 0) return;
      const committed = this.#committed;
      this.#committed = [];
      this.#options.onCommitted(committed);
    });
  }

  #reject(message: ConsumeMessage, session: ConsumerSession, reason: string): void {
    this.#rejected++;
    const { exchange, routingKey } = message.fields;
    const { messageId } = message.properties as { messageId?: unknown };
    this.#options.log.warn(
      { exchange, routing_key: routingKey.slice(0, 100), message_id: messageId, size: message.content.length },
      `message sent to the dead-letter queue: ${reason}`,
    );
    session.reject(message);
  }
}
