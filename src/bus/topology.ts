/** Exchange, queue, dead-letter exchange and queue, and the bindings between them. */
import type { Channel } from 'amqplib';
import type { Config } from '../config/schema.ts';

export const deadLetterName = (bus: Config['bus']) => `${bus.queueName}.dead-letter`;

/** Makes the exchange that events come from, when it is not there yet. */
export async function assertExchange(channel: Channel, bus: Config['bus']): Promise<void> {
  await channel.assertExchange(bus.exchangeName, bus.exchangeType, {
    durable: bus.exchangeDurable,
  });
}

/** Makes what is not there yet. Rejects, and the broker closes the channel, when something exists with other properties. */
export async function assertTopology(channel: Channel, bus: Config['bus']): Promise<void> {
  const deadLetter = deadLetterName(bus);
  await assertExchange(channel, bus);
  await channel.assertExchange(deadLetter, 'fanout', { durable: true });
  await channel.assertQueue(deadLetter, {
    durable: true,
    arguments: { 'x-queue-type': bus.queueType },
  });
  await channel.bindQueue(deadLetter, deadLetter, '');
  await channel.assertQueue(bus.queueName, {
    durable: true,
    deadLetterExchange: deadLetter,
    arguments: { 'x-queue-type': bus.queueType },
  });
}

/** Stands for every event, where somebody wants names by a pattern. */
const everything = '*';

/** The key that events of a name are published and bound with. */
export function routingKey(bus: Config['bus'], name: string): string {
  if (name === everything && bus.exchangeType === 'topic') return '#';
  return bus.exchangeType === 'headers' || bus.exchangeType === 'fanout'
    ? ''
    : bus.routingKey.replaceAll('{name}', name);
}

/** What a headers exchange compares; other exchanges ignore it. */
function bindingArguments(bus: Config['bus'], name: string): Record<string, string> {
  if (bus.exchangeType !== 'headers') return {};
  return name === everything ? { 'x-match': 'all' } : { 'x-match': 'all', name };
}

/** No exchange knows patterns of names: whoever wants one gets everything, and the matcher chooses. */
const bindingKey = (name: string) => (name.includes('*') ? everything : name);

/**
 * One binding for every distinct event name somebody wants. What is wanted is counted here; what is
 * bound follows it on the consumer's channel, and is made anew on each new channel.
 */
export class Bindings {
  readonly #wanted = new Map<string, number>();
  #bound = new Set<string>();
  #channel: Channel | undefined;
  #syncing: Promise<void> = Promise.resolve();

  constructor(private readonly bus: Config['bus']) {}

  /** Event names that are wanted now. */
  names(): string[] {
    return [...this.#wanted.keys()];
  }

  /** Takes effect on the broker before it resolves; without a connection, as soon as there is one. */
  async want(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      const key = bindingKey(name);
      this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    }
    await this.#sync().catch(() => undefined);
  }

  /** Takes back what {@link want} asked for, name by name. */
  async release(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      const key = bindingKey(name);
      const left = (this.#wanted.get(key) ?? 0) - 1;
      if (left > 0) this.#wanted.set(key, left);
      else this.#wanted.delete(key);
    }
    // A channel that fails here is replaced, and the new one gets all bindings anew.
    await this.#sync().catch(() => undefined);
  }

  /** Binds everything wanted on a fresh channel. Rejects when the broker refuses. */
  attach(channel: Channel): Promise<void> {
    this.#channel = channel;
    this.#bound = new Set();
    return this.#sync();
  }

  detach(channel: Channel): void {
    if (this.#channel === channel) this.#channel = undefined;
  }

  #sync(): Promise<void> {
    const round = this.#syncing.catch(() => undefined).then(() => this.#syncOnce());
    this.#syncing = round;
    return round;
  }

  async #syncOnce(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return;
    const bound = this.#bound;
    const { queueName, exchangeName } = this.bus;
    const missing = this.names().filter((name) => !bound.has(name));
    const stale = [...bound].filter((name) => !this.#wanted.has(name));
    await Promise.all([
      ...missing.map((name) =>
        channel
          .bindQueue(
            queueName,
            exchangeName,
            routingKey(this.bus, name),
            bindingArguments(this.bus, name),
          )
          .then(() => bound.add(name)),
      ),
      ...stale.map((name) =>
        channel
          .unbindQueue(
            queueName,
            exchangeName,
            routingKey(this.bus, name),
            bindingArguments(this.bus, name),
          )
          .then(() => bound.delete(name)),
      ),
    ]);
  }
}
