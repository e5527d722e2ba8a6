/** The broker of the quick start: the one that answers at the configured address, or a private one. */
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { brokerAddress } from '#dist/bus/address.js';
import { deadLetterName, routingKey } from '#dist/bus/topology.js';
import { buildMessage } from '#dist/bus/message.js';
import type { Config, ConfigFile } from '#dist/config/schema.js';
import { messageOf, UserError } from '#dist/errors.js';
import { randomUUID } from 'node:crypto';
import { startBroker } from '../../test/support/broker.ts';
import type { SampleEvent } from './events.ts';

/** How long a broker may take to answer before it counts as absent, ms. */
const patience = 3_000;

/** This server, as the origin of the sample events. */
const serverUuid = '6f3e0fbb-5d4a-4c4d-9a1e-0f5b8a1c7d21';

/** A broker in use. */
export interface QuickstartBroker {
  /** In words. */
  label: string;
  /** The daemon's configuration of it, in the words of the files. */
  bus: Partial<ConfigFile['bus']>;
  publish(event: SampleEvent): Promise<void>;
  /** Lets go of it, and removes what was made on it. */
  release(): Promise<void>;
}

/** The broker at the configured address; or why there is none to use. */
export async function configuredBroker(
  { bus }: Config,
  values: ConfigFile['bus'],
): Promise<QuickstartBroker | string> {
  const { label } = brokerAddress(bus);
  let connection: ChannelModel;
  try {
    connection = await open(bus);
  } catch (error) {
    return `${label}: ${reasonOf(error)}`;
  }
  const own = { ...bus, queueName: `webhookd-quickstart-${process.pid}` };
  try {
    const hadExchange = await hasExchange(connection, bus);
    await assertExchange(connection, bus);
    return {
      label: `${label} (it answers at the configured address)`,
      bus: { ...values, queue_name: own.queueName },
      publish: (event) => publish(connection, bus, event),
      release: async () => {
        await removeTraces(connection, own, !hadExchange).catch((error: unknown) => {
          console.error(`left on the broker: ${own.queueName} (${messageOf(error)})`);
        });
        await connection.close().catch(() => undefined);
      },
    };
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw new UserError(
      `the broker ${label} does not allow what is configured: ${messageOf(error)}`,
      1,
      { cause: error },
    );
  }
}

/** A broker that nobody else uses; gone when it is released. */
export async function privateBroker(
  { bus }: Config,
  signal: AbortSignal,
): Promise<QuickstartBroker> {
  const broker = await startBroker({ signal });
  const address = { ...bus, url: broker.url };
  try {
    const connection = await open(address);
    await assertExchange(connection, bus);
    return {
      label: `a private one on port ${broker.port}`,
      bus: {
        url: broker.url,
        exchange_name: bus.exchangeName,
        exchange_type: bus.exchangeType,
        exchange_durable: bus.exchangeDurable,
        routing_key: bus.routingKey,
      },
      publish: (event) => publish(connection, bus, event),
      release: async () => {
        await connection.close().catch(() => undefined);
        await broker.stop();
      },
    };
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

async function open(bus: Config['bus']): Promise<ChannelModel> {
  const { connect: where, socket } = brokerAddress(bus);
  const connection = await connect(where, { ...socket, timeout: patience });
  // What fails because of a lost connection says so itself.
  connection.on('error', () => undefined);
  return connection;
}

/** Node's error of several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === 'ECONNREFUSED') return 'nobody answers';
  return messageOf(error) === '' ? String(code) : messageOf(error);
}

/** The broker closes a channel on which something was refused, so each question gets one of its own. */
async function onChannel<T>(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    return await work(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
}

async function hasExchange(connection: ChannelModel, bus: Config['bus']): Promise<boolean> {
  return onChannel(connection, (channel) => channel.checkExchange(bus.exchangeName)).then(
    () => true,
    () => false,
  );
}

async function assertExchange(connection: ChannelModel, bus: Config['bus']): Promise<void> {
  await onChannel(connection, (channel) =>
    channel.assertExchange(bus.exchangeName, bus.exchangeType, { durable: bus.exchangeDurable }),
  );
}

/** Resolves when the broker has the event. */
async function publish(
  connection: ChannelModel,
  bus: Config['bus'],
  event: SampleEvent,
): Promise<void> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  const { content, options } = buildMessage(event, serverUuid, randomUUID());
  channel.publish(bus.exchangeName, routingKey(bus, event.name), content, options);
  await channel.waitForConfirms();
  await channel.close();
}

async function removeTraces(
  connection: ChannelModel,
  bus: Config['bus'],
  withExchange: boolean,
): Promise<void> {
  await onChannel(connection, async (channel) => {
    await channel.deleteQueue(bus.queueName);
    await channel.deleteQueue(deadLetterName(bus));
    await channel.deleteExchange(deadLetterName(bus));
  });
  if (!withExchange) return;
  // Somebody else may have begun to use it.
  await onChannel(connection, (channel) =>
    channel.deleteExchange(bus.exchangeName, { ifUnused: true }),
  ).catch(() => undefined);
}
