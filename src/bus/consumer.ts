/**
 * Keeps one consumer on the daemon's queue.
 *
 * One channel a round: assert the topology, bind, set the prefetch, consume, wait for the channel's
 * end, begin again. A message must be acked on the channel that delivered it, so every message comes
 * with the session it belongs to.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
  IllegalOperationError,
} from 'amqplib';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { Backoff } from '../backoff.ts';
import { type BusConnection, partedFrom } from './connection.ts';
import { bareCopy, canBeDeadLettered, copyForDeadLetter } from './death.ts';
import { assertTopology, type Bindings, deadLetterName } from './topology.ts';

/** One channel's life. After its end acks go nowhere: the broker delivers those messages again. */
export class ConsumerSession {
  #open = true;

  constructor(
    private readonly channel: Channel,
    private readonly log: Logger,
    private readonly deadLetter: string,
  ) {}

  get isOpen(): boolean {
    return this.#open;
  }

  /** Acks this message and all before it. */
  ackUpTo(message: ConsumeMessage): void {
    this.#tell(message, () => this.channel.ack(message, true));
  }

  /** Sends one message to the dead-letter exchange. */
  reject(message: ConsumeMessage): void {
    this.#tell(message, () => {
      if (canBeDeadLettered(message)) {
        this.channel.nack(message, false, false);
        return;
      }
      // On one channel the broker takes the copy before it lets go of the original.
      this.#publishCopy(message);
      this.channel.ack(message);
    });
  }

  /** Thrown out of here, an error would close the channel, and the message come again, for ever. */
  #publishCopy({ content, properties }: ConsumeMessage): void {
    try {
      this.channel.publish(this.deadLetter, '', content, copyForDeadLetter(properties));
    } catch (error) {
      if (error instanceof IllegalOperationError) throw error;
      this.channel.publish(this.deadLetter, '', content, bareCopy(messageOf(error)));
    }
  }

  end(): void {
    this.#open = false;
  }

  /** A channel that has begun to close takes nothing more, and nobody is told of that moment. */
  #tell({ fields }: ConsumeMessage, work: () => void): void {
    try {
      if (this.#open) work();
    } catch (error) {
      if (!(error instanceof IllegalOperationError)) throw error;
      this.#open = false;
    }
    if (!this.#open)
      this.log.debug(
        { tag: fields.deliveryTag },
        'the channel is closed: nothing is acked any more',
      );
  }
}

export interface ConsumerOptions {
  connection: BusConnection;
  bindings: Bindings;
  bus: Config['bus'];
  onMessage: (message: ConsumeMessage, session: ConsumerSession) => void;
  /** Awaited before each round: a round begins only when what it takes in can be kept. */
  gate: () => Promise<void>;
  log: Logger;
}

export class BusConsumer {
  readonly #options: ConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #firstRound: Promise<void>;
  #markFirstRound: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #channel: { channel: Channel; tag: string } | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#firstRound = new Promise((resolve) => (this.#markFirstRound = resolve));
  }

  /** Whether messages are flowing, or would if there were any. */
  get isConsuming(): boolean {
    return this.#channel !== undefined && this.#options.connection.isAlive;
  }

  /** Begins to consume; returns at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when messages flow for the first time. */
  started(): Promise<void> {
    return this.#firstRound;
  }

  /** No new messages from now on; those taken in can still be acked until {@link stop}. */
  async pause(): Promise<void> {
    this.#stopping.abort();
    const current = this.#channel;
    if (current !== undefined) await partedFrom(current.channel.cancel(current.tag));
  }

  /** Ends the channel; what was not acked goes back to the queue. */
  async stop(): Promise<void> {
    await this.pause();
    const current = this.#channel;
    if (current !== undefined) await partedFrom(current.channel.close());
    await partedFrom(this.#running ?? Promise.resolve());
  }

  async #run(): Promise<void> {
    const { connection, log, bus } = this.#options;
    const { signal } = this.#stopping;
    const backoff = new Backoff(100, bus.reconnectMaxDelay * 1000);
    while (!signal.aborted) {
      const started = performance.now();
      try {
        await Promise.race([this.#options.gate(), aborted(signal)]);
        if (signal.aborted) return;
        const end = await this.#round(await connection.ready(signal));
        if (signal.aborted) return;
        log.warn({ queue: bus.queueName }, `consuming stopped: ${end}`);
        if (performance.now() - started > 5_000) backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ queue: bus.queueName }, `cannot consume: ${messageOf(error)}`);
      }
      await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One channel from its opening to its end; why it ended. Throws when it could not be set up. */
  async #round(model: ChannelModel): Promise<string> {
    const { bindings, bus, onMessage, log } = this.#options;
    const channel = await model.createChannel();
    const session = new ConsumerSession(channel, log, deadLetterName(bus));
    let reason = 'the channel was closed';
    const closed = new Promise<void>((resolve) => channel.once('close', resolve));
    channel.on('error', (error: Error) => (reason = error.message));
    try {
      let markCancelled: () => void = () => undefined;
      const cancelled = new Promise<void>((resolve) => (markCancelled = resolve));
      await assertTopology(channel, bus);
      await bindings.attach(channel);
      await channel.prefetch(bus.prefetch);
      const { consumerTag } = await channel.consume(bus.queueName, (message) => {
        if (message !== null) {
          // Taken in now it would be kept, but not acked any more, and come again.
          if (!this.#stopping.signal.aborted) onMessage(message, session);
          return;
        }
        reason = 'the broker cancelled the consumer (was the queue deleted?)';
        markCancelled();
      });
      // Told to stop meanwhile: nobody else knows of this channel, or would close it.
      if (this.#stopping.signal.aborted) return 'stopped';
      this.#channel = { channel, tag: consumerTag };
      this.#markFirstRound();
      log.info({ queue: bus.queueName, bindings: bindings.size }, 'consuming');
      await Promise.race([closed, cancelled]);
      return reason;
    } catch (error) {
      throw reason === 'the channel was closed' ? error : new Error(reason, { cause: error });
    } finally {
      this.#channel = undefined;
      session.end();
      bindings.detach(channel);
      await partedFrom(channel.close());
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
