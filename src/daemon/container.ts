/** The only place that knows everything: what the daemon is made of, and who needs whom. */
import { asFunction, asValue, createContainer, InjectionMode } from 'awilix/browser';
import type { Logger } from 'pino';
import { v4 as uuidv4 } from 'uuid';
import { StatusAggregator } from '../api/status-aggregator.ts';
import { Tokens } from '../api/tokens.ts';
import { brokerAddress } from '../bus/address.ts';
import { BusConnection } from '../bus/connection.ts';
import { BusConsumer } from '../bus/consumer.ts';
import { buildMessage, type OutgoingEvent } from '../bus/message.ts';
import { BusPublisher } from '../bus/publisher.ts';
import { assertExchange, Bindings, routingKey } from '../bus/topology.ts';
import type { Config } from '../config/schema.ts';
import { Dispatcher } from '../deliveries/dispatcher.ts';
import { Intake } from '../deliveries/intake.ts';
import { RecentEvents } from '../deliveries/recent-events.ts';
import { RetryPolicy } from '../deliveries/retry-policy.ts';
import { AttemptRunner } from '../deliveries/runner.ts';
import { EventTaps } from '../plugins/event-taps.ts';
import { PluginRegistry } from '../plugins/registry.ts';
import { GroupCommit } from '../store/group-commit.ts';
import type { Store } from '../store/store.ts';
import { Matcher } from '../subscriptions/matcher.ts';
import { SubscriptionService } from '../subscriptions/service.ts';

/** More than a broker can hold unacked, or lose acks of in a crash. */
const rememberedEvents = 10_000;

/** What has to be there before the rest can be made. */
export interface Foundations {
  config: Config;
  /** The bus's part of the configuration, read anew before every try to connect. */
  currentBus: () => Config['bus'];
  log: Logger;
  store: Store;
  /** This server, as origin of events. */
  serverUuid: string;
  /** Cuts attempts in flight. */
  cut: AbortSignal;
}

/** Everything the daemon is made of. */
export interface Cradle extends Foundations {
  commits: GroupCommit;
  matcher: Matcher;
  bindings: Bindings;
  registry: PluginRegistry;
  status: StatusAggregator;
  tokens: Tokens;
  subscriptions: SubscriptionService;
  taps: EventTaps;
  consumerConnection: BusConnection;
  publisherConnection: BusConnection;
  publisher: BusPublisher;
  publish: (event: OutgoingEvent) => Promise<void>;
  recent: RecentEvents;
  retries: RetryPolicy;
  dispatcher: Dispatcher;
  intake: Intake;
  consumer: BusConsumer;
}

const busConnection = (purpose: string, { currentBus, log, config }: Cradle) =>
  new BusConnection({
    purpose,
    address: () => brokerAddress(currentBus()),
    connectTimeout: config.bus.connectTimeout * 1000,
    maxDelay: config.bus.reconnectMaxDelay * 1000,
    log,
  });

const makers: {
  [Key in Exclude<keyof Cradle, keyof Foundations>]: (cradle: Cradle) => Cradle[Key];
} = {
  commits: ({ store, log }) => new GroupCommit(store, log),
  matcher: ({ config }) => new Matcher(config.auth.masterTenantUuid),
  bindings: ({ config }) => new Bindings(config.bus),
  registry: () => new PluginRegistry(),
  status: ({ log }) => new StatusAggregator(log),
  tokens: ({ store, config }) => new Tokens(store, config.auth.masterTenantUuid),
  subscriptions: (cradle) =>
    new SubscriptionService({
      store: cradle.store,
      matcher: cradle.matcher,
      masterTenantUuid: cradle.config.auth.masterTenantUuid,
      bindings: cradle.bindings,
      checkConfig: (service, config) => cradle.registry.checkConfig(service, config),
      onChange: (uuid) => cradle.dispatcher.reconsider(uuid),
    }),
  taps: ({ bindings, log }) => new EventTaps(bindings, log),
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
    (event) =>
      publisher.publish({
        exchange: bus.exchangeName,
        routingKey: routingKey(bus, event.name),
        ...buildMessage(event, serverUuid, uuidv4()),
      }),
  recent: () => new RecentEvents(rememberedEvents),
  retries: ({ config }) =>
    new RetryPolicy({
      maxAttempts: config.hookMaxAttempts,
      factor: config.hookHttpRetryCountdownFactor,
    }),
  dispatcher: ({ store, commits, config, cut, log, retries, subscriptions, registry }) =>
    new Dispatcher({
      store,
      commits,
      runner: new AttemptRunner(config.hookMaxAttempts, cut, log),
      retries,
      findSubscription: (uuid) => subscriptions.find(uuid),
      findService: (name) => registry.find(name),
      limits: config.delivery,
      log,
    }),
  intake: ({ matcher, commits, recent, dispatcher, taps, config, log }) => {
    const intake = new Intake({
      matcher,
      commits,
      recent,
      onCommitted: (deliveries) => dispatcher.offer(deliveries),
      pressure: () => dispatcher.pressure,
      onEvent: (event) => taps.emit(event),
      maxMessageSize: config.bus.maxMessageSize,
      log,
    });
    dispatcher.whenRelieved(() => intake.relieve());
    return intake;
  },
  consumer: ({ consumerConnection, bindings, config, intake, commits, log }) =>
    new BusConsumer({
      connection: consumerConnection,
      bindings,
      bus: config.bus,
      onMessage: (message, session) => intake.receive(message, session),
      gate: () => commits.working(),
      log,
    }),
};

/** Makes nothing yet: each part is made when it is asked for, once. */
export function createDaemonContainer(foundations: Foundations) {
  const container = createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true });
  for (const key of Object.keys(foundations) as (keyof Foundations)[])
    container.register(key, asValue(foundations[key]));
  for (const key of Object.keys(makers) as (keyof typeof makers)[]) {
    const make: (cradle: Cradle) => unknown = makers[key];
    container.register(key, asFunction(make).singleton());
  }
  return container;
}
