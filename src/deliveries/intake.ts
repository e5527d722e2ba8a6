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
import { messageOf } from '../errors.ts';
import type { BusEvent, Delivery, KeptEvent } from '../model.ts';
import { withTrace } from '../observing/trace-context.ts';
import type { EventTrace, OpenTelemetry } from '../observing/tracing.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { EventRecord } from '../store/store.ts';
import type { EventFilter } from '../subscriptions/filter.ts';
import type { Matcher } from '../subscriptions/matcher.ts';
import type { RecentEvents } from './recent-events.ts';

export interface IntakeOptions {
  matcher: Pick<Matcher, 'match'>;
  filter: Pick<EventFilter, 'passes'>;
  commits: Pick<GroupCommit, 'addEvent'>;
  recent: RecentEvents;
  /** Gets the deliveries once they are on disk. */
  onCommitted: (deliveries: Delivery[]) => void;
  /** How many deliveries wait that will soon be gone: while there are many, messages wait too. */
  pressure: () => number;
  /**
   * Gets every event, wanted or not; must not throw. What it returns has to be done before the event may be
   * acked; must not reject.
   */
  onEvent: (event: BusEvent) => Promise<void> | undefined;
  /** Largest message taken, bytes. */
  maxMessageSize: number;
  /** undefined: nobody listens. */
  tracing?: Pick<OpenTelemetry, 'receive'> | undefined;
  log: Logger;
}

/** How many deliveries are taken in ahead of their attempts. */
const maxPressure = 120;

/**
 * How long a message may wait for the pressure to fall, ms: the queue is shared, and what is wanted by
 * others is behind it.
 */
const longestWait = 250;

/** A wanted event on its way to the disk. */
interface Entry {
  message: ConsumeMessage;
  session: ConsumerSession;
  /** The last message that may be acked once this is on disk. */
  last: ConsumeMessage;
  /** The same for later sessions, whose messages came while this was on its way. */
  later: Map<ConsumerSession, ConsumeMessage> | undefined;
  deliveries: Delivery[];
  fingerprint: string | null;
  trace: EventTrace | undefined;
}

export class Intake {
  readonly #options: IntakeOptions;
  /** The entry added last, until it is on disk. */
  #lastEntry: Entry | undefined;
  #ackable = new Map<ConsumerSession, ConsumeMessage>();
  #committed: Delivery[] = [];
  #isFlushing = false;
  /** How much is to be done before anything is acked: one ack covers all before it. */
  #holds = 0;
  /** Deliveries on their way to the disk. */
  #uncommitted = 0;
  /** Messages that wait for the pressure to fall, the oldest first: at most the prefetch. `since` is of a clock that nobody sets. */
  readonly #waiting: { message: ConsumeMessage; session: ConsumerSession; since: number }[] = [];
  #impatience: NodeJS.Timeout | undefined;
  /** Messages sent to the dead-letter exchange since the start. */
  #rejected = 0;
  /** Events that somebody wants, kept since the start. */
  #matched = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get rejected(): number {
    return this.#rejected;
  }

  get matched(): number {
    return this.#matched;
  }

  /** Takes one message from the bus, now or when the pressure has fallen. Never throws. */
  receive(message: ConsumeMessage, session: ConsumerSession): void {
    if (this.#waiting.length === 0 && !this.#isPressed) {
      this.#take(message, session);
      return;
    }
    this.#waiting.push({ message, session, since: performance.now() });
    this.#watchWaiting();
  }

  /** The pressure may have fallen: takes what waits, some at a time, for as long as there is none. */
  relieve(): void {
    while (this.#waiting.length > 0 && !this.#isPressed) this.#takeWaiting(maxPressure / 4);
  }

  /** Takes nothing more: messages that wait are left to the broker, unacked. */
  stop(): void {
    clearTimeout(this.#impatience);
    this.#waiting.length = 0;
  }

  get #isPressed(): boolean {
    return this.#uncommitted + this.#options.pressure() >= maxPressure;
  }

  /** Those whose session has ended meanwhile are delivered again by the broker. */
  #takeWaiting(count: number): void {
    for (const { message, session } of this.#waiting.splice(0, count))
      if (session.isOpen) this.#take(message, session);
  }

  /** One timer for all that waits, armed for the oldest. */
  #watchWaiting(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#impatience !== undefined) return;
    this.#impatience = setTimeout(
      () => {
        this.#impatience = undefined;
        const now = performance.now();
        const firstYoung = this.#waiting.findIndex(({ since }) => now - since < longestWait);
        this.#takeWaiting(firstYoung < 0 ? this.#waiting.length : firstYoung);
        this.#watchWaiting();
      },
      longestWait - (performance.now() - oldest.since),
    );
  }

  /** What throws for a message would do so each time the broker delivers it again: it is put aside instead. */
  #take(message: ConsumeMessage, session: ConsumerSession): void {
    try {
      this.#judge(message, session);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a message cannot be taken in; this is a bug');
      this.#reject(message, session, `it cannot be taken in: ${messageOf(error)}`);
    }
  }

  #judge(message: ConsumeMessage, session: ConsumerSession): void {
    const parsed = parseMessage(message, this.#options.maxMessageSize);
    if ('rejected' in parsed) {
      this.#reject(message, session, parsed.rejected);
      return;
    }
    const { event, exactData } = parsed;
    const work = this.#options.onEvent(event);
    if (work !== undefined) this.#holdAcks(work);
    const { matcher, filter, tracing } = this.#options;
    const trace = tracing?.receive(event);
    const subscriptions = matcher.match(event).filter((one) => filter.passes(one, event));
    if (subscriptions.length === 0) {
      trace?.end('unwanted');
      this.#skip(message, session);
      return;
    }
    let dataJson: string;
    let headersJson: string;
    try {
      const json = JSON.stringify(event.data);
      dataJson = exactData ?? json;
      headersJson = JSON.stringify(event.headers);
    } catch (error) {
      trace?.end('rejected');
      this.#reject(message, session, `it is nested too deeply: ${(error as Error).message}`);
      return;
    }
    const fingerprint = fingerprintOf(message.properties, event, dataJson, headersJson);
    if (fingerprint !== null && this.#options.recent.has(fingerprint)) {
      this.#options.log.info(
        { event: event.name, message_id: message.properties.messageId as unknown },
        'the broker delivered an event again that is already kept',
      );
      trace?.end('repeated');
      this.#skip(message, session);
      return;
    }
    const kept: KeptEvent = Object.assign(event, { dataJson });
    if (trace !== undefined) {
      // After the fingerprint, which has to be the same when the message comes again.
      kept.headers = withTrace(event.headers, trace.context);
      headersJson = JSON.stringify(kept.headers);
    }
    const size = dataJson.length + headersJson.length;
    const deliveries = subscriptions.map(({ uuid }) => ({
      id: uuidv7(),
      subscriptionUuid: uuid,
      event: kept,
      attempts: 0,
      attemptsBefore: 0,
      size,
      request: null,
    }));
    this.#keep(
      { message, session, last: message, later: undefined, deliveries, fingerprint, trace },
      kept,
      headersJson,
    );
  }

  #keep(entry: Entry, event: KeptEvent, headersJson: string): void {
    const { fingerprint, deliveries } = entry;
    if (fingerprint !== null) this.#options.recent.add(fingerprint);
    const record: EventRecord = {
      name: event.name,
      originUuid: event.originUuid,
      headers: headersJson,
      data: event.dataJson,
      receivedAt: event.receivedAt,
      fingerprint,
      deliveries: deliveries.map(({ id, subscriptionUuid }) => ({ id, subscriptionUuid })),
    };
    this.#lastEntry = entry;
    this.#matched++;
    this.#uncommitted += deliveries.length;
    entry.trace?.commit();
    this.#options.commits.addEvent(record, (error) => this.#settle(entry, error));
  }

  #settle(entry: Entry, error: Error | undefined): void {
    if (this.#lastEntry === entry) this.#lastEntry = undefined;
    this.#uncommitted -= entry.deliveries.length;
    entry.trace?.end(error === undefined ? 'kept' : 'rejected');
    if (error === undefined) {
      for (const delivery of entry.deliveries) this.#committed.push(delivery);
    } else {
      if (entry.fingerprint !== null) this.#options.recent.delete(entry.fingerprint);
      this.#reject(entry.message, entry.session, `it cannot be stored: ${error.message}`);
    }
    if (error === undefined || entry.last !== entry.message)
      this.#ackable.set(entry.session, entry.last);
    for (const [session, message] of entry.later ?? []) this.#ackable.set(session, message);
    this.#flushSoon();
  }

  /**
   * Nothing to keep: acked at once, or after what is on its way to the disk: one ack covers all before
   * it, and the message may be a second copy of one of those.
   */
  #skip(message: ConsumeMessage, session: ConsumerSession): void {
    const entry = this.#lastEntry;
    if (entry?.session === session) {
      entry.last = message;
      return;
    }
    if (entry !== undefined) {
      entry.later = (entry.later ?? new Map<ConsumerSession, ConsumeMessage>()).set(
        session,
        message,
      );
      return;
    }
    this.#ackable.set(session, message);
    this.#flushSoon();
  }

  #holdAcks(work: Promise<void>): void {
    this.#holds++;
    void work.then(() => {
      this.#holds--;
      this.#flushSoon();
    });
  }

  /** Once for all messages that a commit or a packet brought. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      if (this.#holds === 0) {
        for (const [session, message] of this.#ackable) session.ackUpTo(message);
        // A new one: after `clear` V8 would keep the messages, see `Lane`.
        this.#ackable = new Map();
      }
      if (this.#committed.length === 0) return;
      const committed = this.#committed;
      this.#committed = [];
      this.#options.onCommitted(committed);
      // What nobody attempts at present, since its endpoint is down for one, presses no more.
      this.relieve();
    });
  }

  #reject(message: ConsumeMessage, session: ConsumerSession, reason: string): void {
    this.#rejected++;
    const { exchange, routingKey } = message.fields;
    const { messageId } = message.properties as { messageId?: unknown };
    this.#options.log.warn(
      {
        exchange,
        routing_key: routingKey.slice(0, 100),
        message_id: messageId,
        size: message.content.length,
      },
      `message sent to the dead-letter queue: ${reason}`,
    );
    session.reject(message);
  }
}
