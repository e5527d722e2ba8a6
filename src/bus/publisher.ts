/** Publishes with confirms: a resolved promise means that the broker has the message. */
import type { ConfirmChannel, Message, Options } from 'amqplib';
import { messageOf } from '../errors.ts';
import type { BusConnection } from './connection.ts';

export interface Publication {
  exchange: string;
  routingKey: string;
  content: Buffer;
  options: Options.Publish;
}

export interface PublisherOptions {
  /** A connection of its own: a broker short of memory stops reading from connections that publish, acks included. */
  connection: BusConnection;
  /** How many messages may wait for their confirm. */
  maxUnconfirmed: number;
  /** Sets up the exchange on each new channel. */
  prepare?: (channel: ConfirmChannel) => Promise<void>;
}

export class BusPublisher {
  readonly #options: PublisherOptions;
  readonly #waiting: (() => void)[] = [];
  #unconfirmed = 0;
  #channel: Promise<ConfirmChannel> | undefined;
  /** Why the broker closed the channel; a channel that ended with its connection has none. */
  #fault: Error | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the broker confirmed the message. A message whose confirm was lost with its channel is
   * published again on the next one, so that it may arrive twice.
   *
   * @param timeout how long to go on trying, ms
   * @throws when the broker refused the message, or could not be reached in time; one that is `mandatory`, also when
   * no queue takes it
   */
  async publish(publication: Publication, timeout = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(timeout);
    await this.#enter();
    try {
      for (;;) {
        const channel = await this.#openChannel(signal);
        if (await this.#publishOn(channel, publication, signal)) return;
      }
    } catch (error) {
      throw new Error(`not published: ${messageOf(error)}`, { cause: error });
    } finally {
      this.#leave();
    }
  }

  /** Waits for outstanding confirms, then closes the channel. */
  async stop(): Promise<void> {
    const channel = await this.#channel?.catch(() => undefined);
    if (channel === undefined) return;
    await channel.waitForConfirms().catch(() => undefined);
    await channel.close().catch(() => undefined);
  }

  async #enter(): Promise<void> {
    if (this.#unconfirmed >= this.#options.maxUnconfirmed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#unconfirmed++;
    }
  }

  /** Hands the place to the one who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#unconfirmed--;
    else next();
  }

  async #openChannel(signal: AbortSignal): Promise<ConfirmChannel> {
    this.#options.connection.start();
    const model = await this.#options.connection.ready(signal);
    this.#channel ??= (async () => {
      const channel = await model.createConfirmChannel();
      channel.setMaxListeners(0);
      this.#fault = undefined;
      channel.on('error', (error: Error) => (this.#fault = error));
      channel.once('close', () => (this.#channel = undefined));
      await this.#options.prepare?.(channel);
      return channel;
    })();
    try {
      return await this.#channel;
    } catch (error) {
      this.#channel = undefined;
      throw error;
    }
  }

  /** True when confirmed, false when the connection was lost before. Rejects when the broker closed the channel. */
  #publishOn(
    channel: ConfirmChannel,
    { exchange, routingKey, content, options }: Publication,
    signal: AbortSignal,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const onClose = () =>
        settle(() => (this.#fault === undefined ? resolve(false) : reject(this.#fault)));
      const onAbort = () => settle(() => reject(new Error('the broker did not confirm in time')));
      // The broker returns a message before it confirms it, and says by the message alone which one it is.
      const onReturn = (returned: Message) => {
        const { fields } = returned;
        if (fields.exchange !== exchange || fields.routingKey !== routingKey) return;
        if (returned.content.equals(content)) settle(() => reject(new Error('no queue takes it')));
      };
      const settle = (end: () => void) => {
        channel.off('close', onClose);
        channel.off('return', onReturn);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      channel.once('close', onClose);
      if (options.mandatory === true) channel.on('return', onReturn);
      signal.addEventListener('abort', onAbort, { once: true });
      const confirmed = (error: unknown) => {
        // amqplib fails the callbacks of a closing channel too: its close event decides then.
        if (error === null || error === undefined) settle(() => resolve(true));
        else if (this.#channel === undefined) onClose();
        else settle(() => reject(new Error(`the broker refused it: ${messageOf(error)}`)));
      };
      try {
        channel.publish(exchange, routingKey, content, { persistent: true, ...options }, confirmed);
      } catch (error) {
        if (this.#channel === undefined) onClose();
        else settle(() => reject(new Error(messageOf(error), { cause: error })));
      }
    });
  }
}
