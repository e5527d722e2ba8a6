/** The only place that knows everything: what the daemon is made of, and who needs whom. */
import { asFunction, asValue, createContainer, InjectionMode } from 'awilix/browser';
import type { Logger } from 'pino';
import { v4 as uuidv4 } from 'uuid';
import { StatusAggregator } from '../api/status-aggregator.ts';
import { MasterTenant } from '../auth/master-tenant.ts';
import type { Authenticator } from '../auth/principal.ts';
import { LocalPrincipal, Tokens } from '../auth/tokens.ts';
import { WazoAuth } from '../auth/wazo/wazo-auth.ts';
import { brokerAddress } from '../bus/address.ts';
import { BusConnection } from '../bus/connection.ts';
import { BusConsumer } from '../bus/consumer.ts';
import { buildMessage, type OutgoingEvent } from '../bus/message.ts';
import { DeadLetters } from '../bus/dead-letters.ts';
import { Outbox, packAnnouncement } from '../bus/outbox.ts';
import { BusPublisher } from '../bus/publisher.ts';
import { assertExchange, Bindings, routingKey } from '../bus/topology.ts';
import type { Config } from '../config/schema.ts';
import { defaultMasterTenant } from '../config/sections/auth.ts';
import { messageOf } from '../errors.ts';
import { Dispatcher } from '../deliveries/dispatcher.ts';
import { Intake } from '../deliveries/intake.ts';
import { OwnerEnds } from '../deliveries/owner-ends.ts';
import { RecentEvents } from '../deliveries/recent-events.ts';
import { Replays } from '../deliveries/replays.ts';
import { ClockWatch } from '../deliveries/clock-watch.ts';
import { Retention } from '../deliveries/retention.ts';
import { Health } from '../deliveries/health.ts';
import { RetryPolicies } from '../deliveries/retry-policy.ts';
import { SampleDeliveries } from '../deliveries/sample-delivery.ts';
import { AttemptRunner } from '../deliveries/runner.ts';
import { ReturnedRequests } from '../deliveries/returned-requests.ts';
import { Metrics } from '../observing/metrics.ts';
import type { OpenTelemetry } from '../observing/tracing.ts';
import { EventTaps } from '../plugins/event-taps.ts';
import { Handlers } from '../plugins/handlers.ts';
import { KeyFile } from '../plugins/key-file.ts';
import { PluginManager } from '../plugins/manager.ts';
import { PluginRegistry } from '../plugins/registry.ts';
import { Vault } from '../plugins/vault.ts';
import { GroupCommit } from '../store/group-commit.ts';
import type { Subscription } from '../model.ts';
import type { Store } from '../store/store.ts';
import { failingEvent, lifecycleEvent } from '../subscriptions/lifecycle.ts';
import { EventFilter } from '../subscriptions/filter.ts';
import type { Change } from '../subscriptions/service.ts';
import { Matcher } from '../subscriptions/matcher.ts';
import { SubscriptionService } from '../subscriptions/service.ts';
import { Signer } from '../subscriptions/signing.ts';
import { version } from '../version.ts';
import { secretKeyFile } from './paths.ts';

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
  /** undefined: nobody listens. */
  tracing: OpenTelemetry | undefined;
}

/** Everything the daemon is made of. */
export interface Cradle extends Foundations {
  commits: GroupCommit;
  metrics: Metrics;
  masterTenant: MasterTenant;
  /** Null without `auth.type: wazo`. */
  wazoAuth: WazoAuth | null;
  authenticator: Authenticator;
  matcher: Matcher;
  bindings: Bindings;
  registry: PluginRegistry;
  handlers: Handlers;
  vault: Vault;
  plugins: PluginManager;
  status: StatusAggregator;
  tokens: Tokens;
  subscriptions: SubscriptionService;
  taps: EventTaps;
  consumerConnection: BusConnection;
  publisherConnection: BusConnection;
  publisher: BusPublisher;
  /** @param messageId tells a repeated message; made anew unless given */
  publish: (event: OutgoingEvent, messageId?: string) => Promise<void>;
  outbox: Outbox;
  recent: RecentEvents;
  retries: RetryPolicies;
  signer: Signer;
  replays: Replays;
  samples: SampleDeliveries;
  deadLetters: DeadLetters;
  health: Health;
  clockWatch: ClockWatch;
  retention: Retention;
  runner: AttemptRunner;
  dispatcher: Dispatcher;
  ownerEnds: OwnerEnds;
  intake: Intake;
  consumer: BusConsumer;
}

/** Tokens made here are known here; all others are wazo-auth's to judge. */
function makeAuthenticator({ config, tokens, wazoAuth, masterTenant }: Cradle): Authenticator {
  if (config.auth.type === 'none') {
    const anybody = { tenantUuid: null, userUuid: null };
    return {
      authenticate: ({ tenantUuid }) =>
        Promise.resolve(new LocalPrincipal(anybody, tenantUuid, masterTenant)),
    };
  }
  return {
    authenticate: (credentials) => {
      const { token } = credentials;
      const isLocal = wazoAuth === null || (token !== undefined && tokens.knows(token));
      return (isLocal ? tokens : wazoAuth).authenticate(credentials);
    },
  };
}

function followChange(subscription: Subscription, change: Change, cradle: Cradle): void {
  const { dispatcher, health, signer, metrics, log } = cradle;
  const { uuid, name, disabled } = subscription;
  if (change === 'disabled')
    log.warn(
      { subscription: uuid, reason: disabled?.reason },
      `the subscription ${name} is disabled: its deliveries are parked`,
    );
  if (change === 'created')
    signer
      .list(uuid)
      .catch((error: unknown) =>
        log.warn(
          { subscription: uuid },
          `its secret will be made when it is needed first: ${messageOf(error)}`,
        ),
      );
  if (change === 'enabled' || change === 'deleted') health.forget(uuid);
  if (change === 'deleted') {
    signer.forget(uuid);
    metrics.forgetSubscription(uuid);
  }
  if (change === 'enabled') dispatcher.resume(uuid);
  else dispatcher.reconsider(uuid);
}

function makeHealth(cradle: Cradle): Health {
  const { store, config, log } = cradle;
  const { disableAfter } = config.delivery;
  return new Health({
    store,
    disableAfter: disableAfter === null ? null : disableAfter * 1000,
    disablesGone: config.http.disableGone,
    disable: (uuid, reason) => cradle.subscriptions.disable(uuid, reason),
    find: (uuid) => cradle.subscriptions.find(uuid),
    warn: (subscription, failing, disabledAt) => {
      log.warn(
        { subscription: subscription.uuid, failing_since: failing.since, disabled_at: disabledAt },
        `every attempt of the subscription ${subscription.name} fails: it will be disabled`,
      );
      const event = packAnnouncement(failingEvent(subscription, failing, disabledAt));
      store.addAnnouncements([event]).then(
        () => cradle.outbox.wake(),
        (error: unknown) =>
          log.warn(
            { subscription: subscription.uuid },
            `the bus is not told that it fails: ${messageOf(error)}`,
          ),
      );
    },
    log,
  });
}

const breakerOptions = ({ delivery }: Config) => ({
  failures: delivery.breakerFailures,
  pause: delivery.breakerPause * 1000,
  longestPause: delivery.breakerMaxPause * 1000,
});

const busConnection = (purpose: string, { currentBus, log, config }: Cradle) =>
  new BusConnection({
    purpose,
    address: () => brokerAddress(currentBus()),
    connectTimeout: config.bus.connectTimeout * 1000,
    longestSilence: config.bus.heartbeat * 1500,
    maxDelay: config.bus.reconnectMaxDelay * 1000,
    log,
  });

const makers: {
  [Key in Exclude<keyof Cradle, keyof Foundations>]: (cradle: Cradle) => Cradle[Key];
} = {
  commits: ({ store, metrics, log }) =>
    new GroupCommit({ commit: (batch) => metrics.commit(batch, () => store.commit(batch)) }, log),
  metrics: (cradle) =>
    new Metrics({
      version,
      matched: () => cradle.intake.matched,
      isConsuming: () => cradle.consumer.isConsuming,
      isStoring: () => cradle.commits.failure === undefined,
      deadLettered: () => cradle.intake.rejected,
      inFlight: () => cradle.dispatcher.inFlight,
      endpoints: () => cradle.dispatcher.endpointStates,
      disabledSubscriptions: () =>
        cradle.subscriptions.list().filter(({ disabled }) => disabled !== null).length,
      backlog: () => cradle.store.pending(),
      storeSize: () => cradle.store.size(),
      maxStoreSize: cradle.config.delivery.maxSize,
    }),
  masterTenant: ({ config: { auth } }) =>
    new MasterTenant(
      auth.masterTenantUuid ?? (auth.type === 'wazo' ? undefined : defaultMasterTenant),
    ),
  wazoAuth: ({ config: { auth }, masterTenant, log }) =>
    auth.type === 'wazo' ? new WazoAuth({ auth, masterTenant, log }) : null,
  authenticator: (cradle) => makeAuthenticator(cradle),
  matcher: ({ masterTenant }) => new Matcher(masterTenant),
  bindings: ({ config }) => new Bindings(config.bus),
  registry: (cradle) => new PluginRegistry(() => cradle.dispatcher.reconsiderAll()),
  handlers: ({ matcher, bindings }) => new Handlers({ matcher, bindings }),
  vault: ({ store, config, log }) =>
    new Vault(store, KeyFile.locate(config.plugins.secretKeyFile, secretKeyFile(config)), log),
  plugins: (cradle) =>
    new PluginManager({
      registry: cradle.registry,
      handlers: cradle.handlers,
      vault: cradle.vault,
      store: cradle.store,
      sources: {
        taps: cradle.taps,
        publish: cradle.publish,
        config: cradle.config,
        masterTenant: cradle.masterTenant,
        subscriptions: cradle.subscriptions,
        addStatusProvider: (provider) => cradle.status.addProvider(provider),
      },
      serverUuid: cradle.serverUuid,
      log: cradle.log,
    }),
  status: ({ log }) => new StatusAggregator(log),
  tokens: ({ store, masterTenant }) => new Tokens(store, masterTenant),
  subscriptions: (cradle) =>
    new SubscriptionService({
      store: cradle.store,
      matcher: cradle.matcher,
      bindings: cradle.bindings,
      checkConfig: (service, config) => cradle.registry.checkConfig(service, config),
      onChange: (subscription, change) => followChange(subscription, change, cradle),
      announcementOf: (change, subscription) =>
        packAnnouncement(lifecycleEvent(change, subscription)),
      announce: () => cradle.outbox.wake(),
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
    (event, messageId = uuidv4()) =>
      publisher.publish({
        exchange: bus.exchangeName,
        routingKey: routingKey(bus, event.name),
        ...buildMessage(event, serverUuid, messageId),
      }),
  outbox: ({ store, publish, config: { bus }, log }) =>
    new Outbox({ store, publish, maxDelay: bus.reconnectMaxDelay * 1000, log }),
  recent: () => new RecentEvents(rememberedEvents),
  retries: ({ config }) => RetryPolicies.from(config),
  signer: ({ store, vault, config, log }) =>
    new Signer({
      store,
      seal: (text, purpose) => vault.seal(text, purpose),
      open: (sealed, purpose) => vault.unseal(sealed, purpose),
      overlap: config.delivery.secretOverlap * 1000,
      log,
    }),
  health: (cradle) => makeHealth(cradle),
  replays: ({ store, config, dispatcher, log }) =>
    new Replays({
      store,
      rate: config.delivery.replayRate,
      wake: (uuid) => dispatcher.wake(uuid),
      log,
    }),
  samples: ({ runner, registry }) =>
    new SampleDeliveries({ runner, findService: (name) => registry.find(name) }),
  deadLetters: ({ publisherConnection, publisher, config }) =>
    new DeadLetters({ connection: publisherConnection, publisher, bus: config.bus }),
  clockWatch: ({ store, dispatcher, log }) =>
    new ClockWatch(async (by) => {
      const way = by < 0 ? 'back' : 'forward';
      log.warn({ by_ms: by }, `the clock was set ${way} by ${Math.abs(by / 1000).toFixed(1)} s`);
      try {
        await store.mendSchedule(Date.now());
      } catch (error) {
        log.warn(`what waits cannot be adjusted to the clock: ${messageOf(error)}`);
        throw error;
      }
      dispatcher.wakeAll();
    }),
  retention: ({ store, config, metrics, log }) =>
    new Retention({
      store,
      days: config.delivery.logRetention,
      maxSize: config.delivery.maxSize,
      onPurged: (reason, purged) => metrics.purged(reason, purged),
      log,
    }),
  runner: ({ retries, signer, cut, tracing, log }) =>
    new AttemptRunner({ retries, signal: cut, signer, tracing, log }),
  // What is asked for with every delivery is taken from the container once: it looks names up slowly.
  dispatcher: ({
    store,
    commits,
    runner,
    retries,
    subscriptions,
    handlers,
    registry,
    vault,
    metrics,
    health,
    config,
    log,
  }) =>
    new Dispatcher({
      store,
      commits,
      runner,
      retries,
      findSubscription: (uuid) => subscriptions.find(uuid) ?? handlers.find(uuid),
      findService: (name) => registry.find(name),
      returned: new ReturnedRequests({
        findHttp: () => registry.find('http'),
        runner,
        seal: (text) => vault.seal(text, 'request'),
        open: (sealed) => vault.unseal(sealed, 'request'),
      }),
      limits: config.delivery,
      breaker: breakerOptions(config),
      onResult: (subscription, result, startedAt, isFinal) => {
        metrics.attempted({
          service: subscription.service,
          subscription: subscription.uuid,
          status: result.status,
          isFinal,
          duration: Date.now() - startedAt,
        });
        health.record(subscription, result, startedAt);
      },
      log,
    }),
  ownerEnds: ({ subscriptions, log }) => new OwnerEnds(subscriptions, log),
  intake: (cradle) => {
    const { matcher, commits, recent, dispatcher, ownerEnds, taps } = cradle;
    const { metrics, tracing, config, log } = cradle;
    const intake = new Intake({
      matcher,
      filter: new EventFilter(log),
      commits,
      recent,
      onCommitted: (deliveries) => {
        metrics.deliveriesCreated(deliveries.length);
        dispatcher.offer(deliveries);
      },
      pressure: () => dispatcher.pressure,
      onEvent: (event) => {
        metrics.eventReceived();
        taps.emit(event);
        return ownerEnds.follow(event);
      },
      maxMessageSize: config.bus.maxMessageSize,
      tracing,
      log,
    });
    dispatcher.whenRelieved(() => intake.relieve());
    return intake;
  },
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
