/** Exchange, queue, dead-letter exchange and queue, and the bindings between them. */
import type { Channel } from 'amqplib';
import type { Logger } from 'pino';
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
  if (bus.exchangeType === 'headers' || bus.exchangeType === 'fanout') return '';
  // As a text `$&` and the like in it would mean something.
  return bus.routingKey.replaceAll('{name}', () => name);
}

/** What a headers exchange compares; other exchanges ignore it. */
function bindingArguments(bus: Config['bus'], name: string): Record<string, string> {
  if (bus.exchangeType !== 'headers') return {};
  return name === everything ? { 'x-match': 'all' } : { 'x-match': 'all', name };
}

/** A routing key and arguments: what the broker tells bindings apart by. */
type Binding = [key: string, args: Record<string, string>];

/**
 * The binding that events of a name come by. Names may share one: with a fixed routing key all do.
 * No exchange knows patterns of names: whoever wants one gets everything, and the matcher chooses.
 */
function bindingOf(bus: Config['bus'], name: string): Binding {
  const bound = name.includes('*') ? everything : name;
  return [routingKey(bus, bound), bindingArguments(bus, bound)];
}

/** AMQP's limit of a routing key, bytes. A name keeps to it even where it goes into arguments: a frame is limited too. */
const longestKey = 255;

/** Why nobody can have events of a name. */
interface NameProblem {
  /** `must NOT have more than 255 bytes in UTF-8` */
  message: string;
  /** The constraint that is not met, as JSON Schema names it: `maxLength`. */
  constraint: string;
  /** What the constraint asks for: 255. */
  limit: unknown;
}

/**
 * One binding for all who want it. What is wanted is counted here; what is bound follows it on the
 * consumer's channel, and is made anew on each new channel.
 */
export class Bindings {
  /** By the binding as JSON. */
  readonly #wanted = new Map<string, number>();
  readonly #leftOut = new Set<string>();
  #bound = new Set<string>();
  /** What may be bound to the queue, which outlives channels: all that any of them was asked to bind. */
  readonly #made = new Set<string>();
  #channel: Channel | undefined;
  #syncing: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: Config['bus'],
    private readonly log: Logger,
  ) {}

  /** How many bindings are wanted now. */
  get size(): number {
    return this.#wanted.size;
  }

  /** undefined: nothing is wrong with the name. */
  problemOf(name: string): NameProblem | undefined {
    const { exchangeType, routingKey: template } = this.bus;
    // There is no key for everything there, as long as every name has its own.
    if (exchangeType === 'direct' && template.includes('{name}') && name.includes('*'))
      return {
        message: 'must NOT be a pattern: the bus has a direct exchange',
        constraint: 'pattern',
        limit: '^[^*]*$',
      };
    const [key] = bindingOf(this.bus, name);
    const tooLong = (verb: string) => ({
      message: `must NOT ${verb} more than ${longestKey} bytes in UTF-8`,
      constraint: 'maxLength',
      limit: longestKey,
    });
    if (Buffer.byteLength(name) > longestKey) return tooLong('have');
    if (Buffer.byteLength(key) > longestKey) return tooLong('make a routing key of');
    return undefined;
  }

  /** Takes effect on the broker before it resolves; without a connection, as soon as there is one. */
  async want(names: Iterable<string>): Promise<void> {
    this.#count(names, 1);
    await this.#sync().catch(() => undefined);
  }

  /** Takes back what {@link want} asked for, name by name. */
  async release(names: Iterable<string>): Promise<void> {
    this.#count(names, -1);
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

  #count(names: Iterable<string>, by: 1 | -1): void {
    for (const name of names) {
      if (!this.#canBind(name)) continue;
      const binding = JSON.stringify(bindingOf(this.bus, name));
      const count = (this.#wanted.get(binding) ?? 0) + by;
      if (count > 0) this.#wanted.set(binding, count);
      else this.#wanted.delete(binding);
    }
  }

  /** A name that cannot be bound, kept from before or a handler's, must not keep the others from it. */
  #canBind(name: string): boolean {
    const problem = this.problemOf(name);
    if (problem === undefined) return true;
    if (!this.#leftOut.has(name))
      this.log.warn({ event: name }, `no event of this name comes: it ${problem.message}`);
    this.#leftOut.add(name);
    return false;
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
    const missing = [...this.#wanted.keys()].filter((binding) => !bound.has(binding));
    for (const binding of missing) this.#made.add(binding);
    // To unbind what is not bound is no error.
    const stale = [...this.#made].filter((binding) => !this.#wanted.has(binding));
    const tell = (binding: string, verb: 'bindQueue' | 'unbindQueue') => {
      const [key, args] = JSON.parse(binding) as Binding;
      return channel[verb](queueName, exchangeName, key, args);
    };
    await Promise.all([
      ...missing.map((binding) => tell(binding, 'bindQueue').then(() => bound.add(binding))),
      ...stale.map(async (binding) => {
        await tell(binding, 'unbindQueue');
        bound.delete(binding);
        this.#made.delete(binding);
      }),
    ]);
  }
}
