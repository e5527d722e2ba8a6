/** Publishes with confirms: a resolved promise means that the broker has the message. */
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';
import { messageOf } from '../errors.ts';
import { type BusConnection, partedFrom } from './connection.ts';

export interface Publication {
  exchange: string;
  routingKey: string;
  content: Buffer;
  options: Options.Publish;
}

export interface PublisherOptions {
  /** A connection of its own: a broker short of memory stops reading from connections that publish, acks included. */
  connection: Pick<BusConnection, 'start' | 'ready'>;
  /** How many messages may wait for their confirm. */
  maxUnconfirmed: number;
  /** Sets up the exchange on each new channel. */
  prepare?: (channel: ConfirmChannel) => Promise<void>;
}

export class BusPublisher {
  readonly #options: PublisherOptions;
  readonly #waiting = new Set<() => void>();
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
   * @param timeout how long to go on trying, ms; null: for as long as the connection is wanted
   * @throws when the broker refused the message, or could not be reached in time; one that is `mandatory`, also when
   * no queue takes it
   */
  async publish(publication: Publication, timeout: number | null = 30_000): Promise<void> {
    const signal = timeout === null ? undefined : AbortSignal.timeout(timeout);
    await this.#enter(signal);
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

  /** Waits for outstanding confirms, if they come soon. The channel ends with its connection. */
  stop(): Promise<void> {
    const channel = Promise.resolve(this.#channel);
    return partedFrom(channel.then((open) => open?.waitForConfirms()));
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    if (this.#unconfirmed < this.#options.maxUnconfirmed) {
      this.#unconfirmed++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(enter);
        reject(new Error('not published: too many messages wait for their confirm'));
      };
      this.#waiting.add(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Hands the place to the one who waits longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#unconfirmed--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #openChannel(signal: AbortSignal | undefined): Promise<ConfirmChannel> {
    this.#options.connection.start();
    const model = await this.#options.connection.ready(signal);
    const opening = (this.#channel ??= this.#openOn(model));
    try {
      return await opening;
    } catch (error) {
      if (this.#channel === opening) this.#channel = undefined;
      // Lost with its connection while it was opened: there will be another one.
      if ((await this.#options.connection.ready(signal)) !== model)
        return this.#openChannel(signal);
      throw error;
    }
  }

  async #openOn(model: ChannelModel): Promise<ConfirmChannel> {
    const channel = await model.createConfirmChannel();
    channel.setMaxListeners(0);
    this.#fault = undefined;
    channel.on('error', (error: Error) => (this.#fault = error));
    // Before the library's own listener, which fails the callbacks of what is not confirmed.
    channel.prependOnceListener('close', () => (this.#channel = undefined));
    await this.#options.prepare?.(channel);
    return channel;
  }

  /** True when confirmed, false when the connection was lost before. Rejects when the broker closed the channel. */
  #publishOn(
    channel: ConfirmChannel,
    { exchange, routingKey, content, options }: Publication,
    signal: AbortSignal | undefined,
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
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      channel.once('close', onClose);
      if (options.mandatory === true) channel.on('return', onReturn);
      signal?.addEventListener('abort', onAbort, { once: true });
      const confirmed = (error: unknown) => {
        // The library fails the callbacks of a channel that was closed too.
        if (error === null || error === undefined) settle(() => resolve(true));
        else if (this.#channel === undefined) onClose();
        else settle(() => reject(new Error(`the broker refused it: ${messageOf(error)}`)));
      };
      try {
        channel.publish(exchange, routingKey, content, { persistent: true, ...options }, confirmed);
      } catch (error) {
        if (this.#channel === undefined) onClose();
        else settle(() => reject(error));
      }
    });
  }
}
