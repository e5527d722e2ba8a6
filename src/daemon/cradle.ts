/** What the daemon is made of. */
import type { Logger } from 'pino';
import type { RunningConfig } from '../api/config.ts';
import type { LogSource } from '../api/log-stream.ts';
import type { StatusAggregator } from '../api/status-aggregator.ts';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { Authenticator } from '../auth/principal.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { WazoAuth } from '../auth/wazo/wazo-auth.ts';
import type { BusConnection } from '../bus/connection.ts';
import type { BusConsumer } from '../bus/consumer.ts';
import type { DeadLetters } from '../bus/dead-letters.ts';
import type { OutgoingEvent } from '../bus/message.ts';
import type { Outbox } from '../bus/outbox.ts';
import type { BusPublisher } from '../bus/publisher.ts';
import type { Bindings } from '../bus/topology.ts';
import type { Config } from '../config/schema.ts';
import type { ClockWatch } from '../deliveries/clock-watch.ts';
import type { Dispatcher } from '../deliveries/dispatcher.ts';
import type { Health } from '../deliveries/health.ts';
import type { Intake } from '../deliveries/intake.ts';
import type { OwnerEnds } from '../deliveries/owner-ends.ts';
import type { RecentEvents } from '../deliveries/recent-events.ts';
import type { Replays } from '../deliveries/replays.ts';
import type { Retention } from '../deliveries/retention.ts';
import type { RetryPolicies } from '../deliveries/retry-policy.ts';
import type { AttemptRunner } from '../deliveries/runner.ts';
import type { SampleDeliveries } from '../deliveries/sample-delivery.ts';
import type { Metrics } from '../observing/metrics.ts';
import type { OpenTelemetry } from '../observing/tracing.ts';
import type { EventTaps } from '../plugins/event-taps.ts';
import type { Handlers } from '../plugins/handlers.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { PluginRegistry } from '../plugins/registry.ts';
import type { Vault } from '../plugins/vault.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { Store } from '../store/store.ts';
import type { Matcher } from '../subscriptions/matcher.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import type { Signer } from '../subscriptions/signing.ts';

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
  runningConfig: RunningConfig;
  /** What the log said last. */
  history: LogSource;
}

/** Everything the daemon is made of, room by room: see `makers/`. */
export interface Cradle extends Foundations {
  masterTenant: MasterTenant;
  /** Null without `auth.type: wazo`. */
  wazoAuth: WazoAuth | null;
  tokens: Tokens;
  authenticator: Authenticator;

  bindings: Bindings;
  consumerConnection: BusConnection;
  publisherConnection: BusConnection;
  publisher: BusPublisher;
  /**
   * @param messageId tells a repeated message; made anew unless given
   * @param timeout see {@link BusPublisher.publish}
   */
  publish: (event: OutgoingEvent, messageId?: string, timeout?: number | null) => Promise<void>;
  outbox: Outbox;
  deadLetters: DeadLetters;
  consumer: BusConsumer;

  matcher: Matcher;
  signer: Signer;
  subscriptions: SubscriptionService;

  registry: PluginRegistry;
  handlers: Handlers;
  vault: Vault;
  taps: EventTaps;
  plugins: PluginManager;

  recent: RecentEvents;
  ownerEnds: OwnerEnds;
  intake: Intake;
  commits: GroupCommit;
  dispatcher: Dispatcher;
  runner: AttemptRunner;
  retries: RetryPolicies;
  replays: Replays;
  samples: SampleDeliveries;
  health: Health;
  clockWatch: ClockWatch;
  retention: Retention;

  metrics: Metrics;
  status: StatusAggregator;
}

/** How each part is made of the others, which are made when they are asked for. */
export type Makers = {
  [Key in Exclude<keyof Cradle, keyof Foundations>]: (cradle: Cradle) => Cradle[Key];
};
