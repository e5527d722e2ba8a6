/** The two connections to the broker, and what goes over them. */
import { v4 as uuidv4 } from 'uuid';
import { brokerAddress } from '../../bus/address.ts';
import { BusConnection } from '../../bus/connection.ts';
import { BusConsumer } from '../../bus/consumer.ts';
import { DeadLetters } from '../../bus/dead-letters.ts';
import { buildMessage } from '../../bus/message.ts';
import { Outbox } from '../../bus/outbox.ts';
import { BusPublisher } from '../../bus/publisher.ts';
import { assertExchange, Bindings, routingKey } from '../../bus/topology.ts';
import type { Cradle, Makers } from '../cradle.ts';

const busConnection = (purpose: string, { currentBus, log, config }: Cradle) =>
  new BusConnection({
    purpose,
    address: () => brokerAddress(currentBus()),
    connectTimeout: config.bus.connectTimeout * 1000,
    longestSilence: config.bus.heartbeat * 1500,
    maxDelay: config.bus.reconnectMaxDelay * 1000,
    log,
  });

export const busMakers = {
  bindings: ({ config, log }) => new Bindings(config.bus, log),
  consumerConnection: (cradle) => busConnection('consume', cradle),
  publisherConnection: (cradle) => busConnection('publish', cradle),
  publisher: ({ publisherConnection, config: { bus } }) =>
    new BusPublisher({
      connection: publisherConnection,
      maxUnconfirmed: bus.publishMaxUnconfirmed,
      prepare: (channel) => assertExchange(channel, bus),
    }),
  publish:
    ({ publisher, config: { bus }, serverUuid }) =>
    (event, messageId = uuidv4(), timeout) =>
      publisher.publish(
        {
          exchange: bus.exchangeName,
          routingKey: routingKey(bus, event.name),
          ...buildMessage(event, serverUuid, messageId),
        },
        timeout,
      ),
  outbox: ({ store, publish, config: { bus }, log }) =>
    new Outbox({
      store,
      // What is on its way is waited for: published again meanwhile, the broker would have it twice.
      publish: (event, messageId) => publish(event, messageId, null),
      maxDelay: bus.reconnectMaxDelay * 1000,
      log,
    }),
  // Over the connection that is read during an alarm too.
  deadLetters: ({ consumerConnection, publisher, config }) =>
    new DeadLetters({ connection: consumerConnection, publisher, bus: config.bus }),
  consumer: ({ consumerConnection, bindings, config, intake, commits, masterTenant, log }) =>
    new BusConsumer({
      connection: consumerConnection,
      bindings,
      bus: config.bus,
      onMessage: (message, session) => intake.receive(message, session),
      // Without the master tenant nobody can say who wants an event: the queue keeps them.
      gate: async () => {
        await masterTenant.known();
        await commits.working();
      },
      log,
    }),
} satisfies Partial<Makers>;
