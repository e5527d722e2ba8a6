import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { brokerAddress } from '../bus/address.ts';
import { BusConnection } from '../bus/connection.ts';
import { buildMessage, type OutgoingEvent } from '../bus/message.ts';
import { BusPublisher } from '../bus/publisher.ts';
import { assertExchange, routingKey } from '../bus/topology.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { declaredEvents } from './declared-events.ts';
import { type EventSource, eventsToEmit } from './emit-source.ts';
import type { LaterCommand } from './later.ts';
import { type GlobalOptions, withJson } from './options.ts';

interface EmitOptions extends GlobalOptions, EventSource {
  count?: number | undefined;
  rate?: number | undefined;
  json: boolean;
}

/** How long to try to reach the broker, ms. */
const patience = 10_000;

export const emitCommand: LaterCommand<EmitOptions> = {
  builder: (yargs) =>
    withJson(yargs)
      .positional('name', { type: 'string', describe: 'Name of the event' })
      .option('data', { type: 'string', describe: 'Its data, as JSON; {} unless given' })
      .option('sample', {
        type: 'boolean',
        default: false,
        describe: 'With data and headers as such an event has them; see webhookd events',
      })
      .option('from', {
        type: 'string',
        describe:
          'A file of events, one JSON object a line: { name, data, headers }; - for standard input',
      })
      .option('header', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'A header as key=value; true and false are booleans; may be repeated',
      })
      .option('count', { type: 'number', describe: 'How many times; once unless given' })
      .option('rate', {
        type: 'number',
        describe: 'How many a second; without --count until it is interrupted',
      }),
  handler: async (options) => {
    const { config: file, count, rate, json } = options;
    check('--count', count, Number.isInteger);
    check('--rate', rate, Number.isFinite);
    const events = await eventsToEmit(options, () =>
      declaredEvents(file).map((event) => event.name),
    );
    const { bus, uuid } = loadConfig({ file }).config;
    const rounds = count ?? (rate === undefined ? 1 : Infinity);
    const published = await publishAll(bus, uuid ?? randomUUID(), events, rounds, rate);
    const names = [...new Set(events.map(({ name }) => name))];
    if (json)
      console.log(
        JSON.stringify({
          ...(names.length === 1 ? { name: names[0] } : { names }),
          count: published,
          exchange: bus.exchangeName,
        }),
      );
    else {
      const [name = ''] = names;
      const times = published > 1 ? ` ${published} times` : '';
      const kinds = names.length > 3 ? `${names.length} kinds` : names.join(', ');
      const what = names.length > 1 ? `${published} events (${kinds})` : `${name}${times}`;
      console.log(`published ${what} to ${bus.exchangeName}`);
    }
  },
};

function check(option: string, value: number | undefined, test: (value: number) => boolean) {
  if (value !== undefined && (!test(value) || value <= 0 || (option === '--count' && value < 1)))
    throw new UserError(
      `${option}: expected a ${option === '--count' ? 'whole number of at least 1' : 'number above 0'}, found ${value}`,
      2,
    );
}

/** How many were published. */
async function publishAll(
  bus: Config['bus'],
  originUuid: string,
  events: readonly OutgoingEvent[],
  rounds: number,
  rate: number | undefined,
): Promise<number> {
  const connection = new BusConnection({
    purpose: 'emit',
    address: () => brokerAddress(bus),
    connectTimeout: bus.connectTimeout * 1000,
    longestSilence: bus.heartbeat * 1500,
    maxDelay: 1_000,
    log: pino({ level: 'silent' }),
  });
  const publisher = new BusPublisher({
    connection,
    maxUnconfirmed: bus.publishMaxUnconfirmed,
    prepare: (channel) => assertExchange(channel, bus),
  });
  const publish = (event: OutgoingEvent) =>
    publisher.publish(
      {
        exchange: bus.exchangeName,
        routingKey: routingKey(bus, event.name),
        ...buildMessage(event, originUuid, randomUUID()),
      },
      patience,
    );
  try {
    return await paced(events, rounds, rate, bus.publishMaxUnconfirmed, publish);
  } catch (error) {
    throw new UserError(`${messageOf(error)} (broker ${brokerAddress(bus).label})`, 1, {
      cause: error,
    });
  } finally {
    await publisher.stop();
    await connection.stop();
  }
}

/** Publishes round after round, in time and a bounded number at once, until done or interrupted. */
async function paced(
  events: readonly OutgoingEvent[],
  rounds: number,
  rate: number | undefined,
  atOnce: number,
  publish: (event: OutgoingEvent) => Promise<void>,
): Promise<number> {
  let isInterrupted = false;
  const interrupt = () => (isInterrupted = true);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const began = performance.now();
  const open = new Set<Promise<void>>();
  let published = 0;
  const total = rounds * events.length;
  for (let place = 0; place < total && !isInterrupted; place++) {
    const event = events[place % events.length];
    if (event === undefined) break;
    if (rate !== undefined) {
      const due = began + (place * 1000) / rate;
      while (!isInterrupted && performance.now() < due)
        await sleep(Math.min(100, Math.max(1, due - performance.now())));
    }
    const sending = publish(event).then(() => {
      published++;
    });
    open.add(sending);
    void sending.then(
      () => open.delete(sending),
      () => undefined,
    );
    if (open.size >= atOnce) await Promise.race(open);
  }
  await Promise.all(open);
  return published;
}
