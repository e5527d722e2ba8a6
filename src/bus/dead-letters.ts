/** Messages that could not be taken: looked at, sent to the daemon's queue again, or dropped. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetMessage, MessageProperties } from 'amqplib';
import type { Config } from '../config/schema.ts';
import { codeOf } from '../errors.ts';
import { Turn } from '../turn.ts';
import type { BusConnection } from './connection.ts';
import { deathsOf } from './death.ts';
import { isDeathHeader, publishable, writableHeaders } from './headers.ts';
import { parseMessage } from './message.ts';
import type { BusPublisher } from './publisher.ts';
import { deadLetterName } from './topology.ts';

export interface DeadLettersOptions {
  /** Messages are looked at on a channel of their own, and go back when it is closed. */
  connection: BusConnection;
  publisher: Pick<BusPublisher, 'publish'>;
  bus: Config['bus'];
}

export interface DeadLetter {
  /** Made of what the message is: the same as long as it is there. */
  id: string;
  /** Why it cannot be taken; null when it could be taken now. */
  reason: string | null;
  /** The event's name, if it has one. */
  event: string | null;
  exchange: string;
  routingKey: string;
  /** When the broker put it aside, ms since the epoch; null: it does not say. */
  diedAt: number | null;
  /** bytes */
  size: number;
  headers: Record<string, unknown>;
}

/** One alone: all together they may be larger than memory. */
export interface ShownDeadLetter extends DeadLetter {
  /** The content's beginning as text. */
  content: string;
}

/** No more than so many messages are looked at. */
const mostLooked = 10_000;

/** How much of a message's content is shown, bytes. */
const shownContent = 65_536;

/** How long the broker may take to be there, and over each answer, ms. */
const patience = 5_000;

/** What is done with a message that was looked at; true when it is to leave the queue. */
type Judge = (letter: DeadLetter, message: GetMessage) => boolean | Promise<boolean>;

export class DeadLetters {
  readonly #options: DeadLettersOptions;
  /** Two at a time would see half of the messages each. */
  readonly #turn = new Turn();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** The oldest first. Rejects when the broker cannot be reached. */
  async list(limit: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    await this.#look(limit, (letter) => {
      found.push(letter);
      return false;
    });
    return found;
  }

  async find(id: string): Promise<ShownDeadLetter | undefined> {
    let found: ShownDeadLetter | undefined;
    await this.#look(mostLooked, (letter, { content }) => {
      if (letter.id === id)
        found ??= { ...letter, content: content.subarray(0, shownContent).toString() };
      return false;
    });
    return found;
  }

  /**
   * Puts messages into the daemon's queue again, whichever `isMeant`; how many. Those that cannot be written as they
   * were stay. Rejects when the queue is not there.
   */
  redrive(isMeant: (letter: DeadLetter) => boolean): Promise<number> {
    const { publisher, bus } = this.#options;
    return this.#look(mostLooked, async (letter, { content, properties }) => {
      if (!isMeant(letter)) return false;
      const headers = headersOf(properties);
      // It would be another message: better it stays where it is.
      if (headers === undefined) return false;
      // Without the queue the broker would confirm it, and let go of it.
      const options = { ...publishable(properties, headers), mandatory: true };
      const publication = { exchange: '', routingKey: bus.queueName, content, options };
      try {
        await publisher.publish(publication, patience);
      } catch (error) {
        if (isUnwritable(error)) return false;
        throw error;
      }
      return true;
    });
  }

  /** Lets go of messages for good, whichever `isMeant`; how many. */
  drop(isMeant: (letter: DeadLetter) => boolean): Promise<number> {
    return this.#look(mostLooked, isMeant);
  }

  #look(limit: number, judge: Judge): Promise<number> {
    return this.#turn.take(() => this.#lookNow(limit, judge));
  }

  /** Each message that is there once; how many left the queue. */
  async #lookNow(limit: number, judge: Judge): Promise<number> {
    const { connection, bus } = this.#options;
    connection.start();
    const model = await connection.ready(AbortSignal.timeout(patience));
    const opening = model.createChannel();
    const queue = deadLetterName(bus);
    let gone = 0;
    try {
      const channel = await answered(opening);
      channel.on('error', () => undefined);
      const { messageCount } = await answered(channel.checkQueue(queue));
      for (let seen = 0; seen < Math.min(messageCount, limit); seen++) {
        const message = await answered(channel.get(queue));
        if (message === false) break;
        if (!(await judge(toLetter(message, bus.maxMessageSize), message))) continue;
        channel.ack(message);
        gone++;
      }
    } catch (error) {
      // Nothing was put aside yet.
      if (codeOf(error) !== 404) throw error;
    } finally {
      // What was not acked goes back to where it was.
      await answered(opening.then((channel) => channel.close())).catch(() => undefined);
    }
    return gone;
  }
}

/** Whoever looks next waits for this look: what is not answered must not keep them for ever. */
async function answered<T>(work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(patience, undefined, { signal: done.signal }).then(() =>
    Promise.reject(new Error(`the broker does not answer within ${patience / 1000} s`)),
  );
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

function headersOf(properties: MessageProperties): Record<string, unknown> | undefined {
  try {
    return writableHeaders(properties);
  } catch {
    return undefined;
  }
}

/** Whether the client library could not write a message: what it read may take more room than it has. */
const isUnwritable = (error: unknown): boolean =>
  error instanceof Error && (error.cause instanceof TypeError || error.cause instanceof RangeError);

/** Whatever the message is: one that cannot be shown would hide all others. */
function toLetter(message: GetMessage, maxMessageSize: number): DeadLetter {
  const { content, properties, fields } = message;
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
  const parsed = parseMessage(message, maxMessageSize);
  const [death] = deathsOf(headers) ?? [];
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !isDeathHeader(name)));
  const headersJson = jsonOf(own);
  return {
    id: createHash('sha256')
      .update(JSON.stringify([properties.messageId, headersJson]))
      .update(content)
      .digest('hex')
      .slice(0, 16),
    reason: 'rejected' in parsed ? parsed.rejected : null,
    event: 'rejected' in parsed ? null : parsed.event.name,
    exchange: death?.exchange ?? fields.exchange,
    routingKey: fields.routingKey,
    diedAt: death === undefined ? null : momentOf(death.time.value),
    size: content.length,
    headers: headersJson === null ? {} : own,
  };
}

/** null: nested too deeply. */
function jsonOf(headers: Record<string, unknown>): string | null {
  try {
    return JSON.stringify(headers);
  } catch {
    return null;
  }
}

/** A publisher can put any number there. */
const momentOf = (seconds: number): number | null =>
  Number.isNaN(new Date(seconds * 1000).getTime()) ? null : seconds * 1000;
