import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { CommandModule } from 'yargs';
import { brokerAddress } from '../bus/address.ts';
import { BusConnection } from '../bus/connection.ts';
import { buildMessage } from '../bus/message.ts';
import { BusPublisher } from '../bus/publisher.ts';
import { assertExchange, routingKey } from '../bus/topology.ts';
import { loadConfig } from '../config/load.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Json, JsonObject } from '../model.ts';
import { type GlobalOptions, withJson } from './options.ts';

interface EmitOptions extends GlobalOptions {
  name: string;
  data: string;
  header: string[];
  count: number;
  json: boolean;
}

/** How long to try to reach the broker, ms. */
const patience = 10_000;

export const emitCommand: CommandModule<object, EmitOptions> = {
  command: 'emit <name>',
  describe: 'Publish an event to the exchange, and wait until the broker has it',
  builder: (yargs) =>
    withJson(yargs)
      .positional('name', { type: 'string', demandOption: true, describe: 'Name of the event' })
      .option('data', { type: 'string', default: '{}', describe: 'Its data, as JSON' })
      .option('header', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'A header as key=value; true and false are booleans; may be repeated',
      })
      .option('count', { type: 'number', default: 1, describe: 'How many times' }),
  handler: async ({ config: file, name, data, header, count, json }) => {
    if (!Number.isInteger(count) || count < 1)
      throw new UserError(`--count: expected a whole number of at least 1, found ${count}`, 2);
    const { bus, uuid } = loadConfig({ file }).config;
    const event = { name, data: parseData(data), headers: parseHeaders(header) };
    const log = pino({ level: 'silent' });
    const connection = new BusConnection({
      purpose: 'emit',
      address: () => brokerAddress(bus),
      connectTimeout: bus.connectTimeout * 1000,
      maxDelay: 1_000,
      log,
    });
    const publisher = new BusPublisher({
      connection,
      maxUnconfirmed: bus.publishMaxUnconfirmed,
      prepare: (channel) => assertExchange(channel, bus),
    });
    try {
      const publishOne = () =>
        publisher.publish(
          {
            exchange: bus.exchangeName,
            routingKey: routingKey(bus, name),
            ...buildMessage(event, uuid ?? randomUUID(), randomUUID()),
          },
          patience,
        );
      await Promise.all(Array.from({ length: count }, publishOne));
    } catch (error) {
      throw new UserError(`${messageOf(error)} (broker ${brokerAddress(bus).label})`, 1, {
        cause: error,
      });
    } finally {
      await publisher.stop();
      await connection.stop();
    }
    if (json) console.log(JSON.stringify({ name, count, exchange: bus.exchangeName }));
    else
      console.log(`published ${name}${count > 1 ? ` ${count} times` : ''} to ${bus.exchangeName}`);
  },
};

function parseData(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new UserError(`--data: not valid JSON: ${messageOf(error)}`, 2, { cause: error });
  }
}

function parseHeaders(pairs: readonly string[]): JsonObject {
  const words: Record<string, Json> = { true: true, false: false };
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', ...rest] = pair.split('=');
      const value = rest.join('=');
      if (key === '' || rest.length === 0)
        throw new UserError(`--header: ${JSON.stringify(pair)} is not of the form key=value`, 2);
      return [key, words[value] ?? value];
    }),
  );
}
