/** What the daemon and a plugin are to each other. */
import type { FastifyInstance } from 'fastify';
import type { Got } from 'got';
import type { BusEvent, Json, JsonObject, KeptEvent, Subscription } from '../model.ts';
import type { SubscriptionInput } from '../subscriptions/schema.ts';
import type { Detail } from './errors.ts';
import type { Environment, HandledEvent, Variables } from './handled-event.ts';
import type { HttpRequest } from './request.ts';

/**
 * A log that prefixes what it writes with the plugin's name. Fields called level, time, msg, plugin or service are
 * kept as `level_` and so on: those names are the daemon's.
 */
export interface PluginLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** What an attempt knows of itself. */
export interface AttemptContext {
  /** The same over all attempts. */
  readonly delivery: { readonly id: string };
  /** 1 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Aborts when the daemon stops and waits no longer. */
  readonly signal: AbortSignal;
  readonly log: PluginLog;
  /** The variables the package declares. */
  readonly secrets: Variables;
  /** Signs what is sent, so that its receiver can tell who sent it; only inside the daemon. */
  readonly sign?: Sign | undefined;
  /** The trace this attempt belongs to, to be passed on in the headers of the same names; undefined: none. */
  readonly trace?: TraceContext | undefined;
  /** Set for the http service when it is to make a request that a plugin returned. */
  readonly request?: HttpRequest | undefined;
}

/** As W3C's Trace Context has it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** The kinds of signatures of Standard Webhooks: HMAC-SHA256 (`v1`) and Ed25519 (`v1a`). */
export type SignatureKind = 'v1' | 'v1a';

/**
 * Signs a message with the subscription's keys, as Standard Webhooks 1.0.0 has it.
 *
 * @param timestamp of the attempt, seconds since the epoch
 * @returns the value of the header `webhook-signature`
 */
export type Sign = (
  timestamp: number,
  body: string | Uint8Array,
  kinds: readonly SignatureKind[],
) => string | Promise<string>;

/**
 * A detail for the log, or nothing, or requests to be made: each becomes a delivery of its own, with
 * retries and a log. Throw {@link HookRetry} or {@link HookExpectedError} when it did not work.
 */
export type Outcome = Detail | HttpRequest | readonly HttpRequest[] | undefined | void;

/** What an instance of a plugin's class has: `callback`, or `compute` when it responds to events by itself. */
export interface Service {
  /** Called once, before the first delivery; the plugin is not used when it throws. */
  load?(dependencies: PluginCradle): void | Promise<void>;
  /** Delivers one event. The event belongs to several deliveries: do not change it. */
  callback?(
    subscription: Subscription,
    event: KeptEvent,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
  /** Where the deliveries of a subscription go, whatever the event: those of one place wait together while it does not work. */
  endpointOf?(subscription: Subscription): string | null;
  /** Responds to one of the events the class names with `respondsTo`. */
  compute?(event: HandledEvent, context: AttemptContext): Outcome | Promise<Outcome>;
  accept?(event: HandledEvent): boolean | Promise<boolean>;
  targetOf?(data: Json): string | null;
  /** Called when the daemon stops, after the last delivery. */
  dispose?(): void | Promise<void>;
}

/** What a plugin's module exports. */
export interface ServiceClass {
  new (cradle: PluginCradle): Service;
  /** JSON Schema of `subscription.config`; a subscription that does not fit is refused with 400. */
  readonly configSchema?: object;
  /** Makes it a handler: names of events, or patterns of them such as `call_*`. */
  readonly respondsTo?: string | readonly string[];
}

/** Called with an event; what it throws is logged. */
export type EventCallback = (event: BusEvent) => void | Promise<void>;

/** Raw events, in memory and best effort: what has to happen belongs in a subscription. */
export interface PluginBusConsumer {
  /**
   * @param options.headers header values to compare; `matchAll` (default true) asks for all of them, else one is enough
   */
  subscribe(
    name: string,
    callback: EventCallback,
    options?: { headers?: JsonObject; matchAll?: boolean },
  ): Promise<void>;
  /** Whether the callback was subscribed to that name. */
  unsubscribe(name: string, callback: EventCallback): Promise<boolean>;
  /** Several names at once under a uuid, as a subscription has them. */
  subscribeToEventNames(request: {
    uuid: string;
    eventNames: string[];
    userUuid?: string | null;
    wazoUuid?: string | null;
    callback: EventCallback;
  }): Promise<void>;
  unsubscribeFromEventNames(uuid: string): Promise<boolean>;
  /** What is bound, one entry per subscription and event. */
  bindings(): Promise<{ uuid: string; event: string; headers: JsonObject }[]>;
}

export interface PluginBusPublisher {
  /** Resolves when the broker has the event. */
  publish(event: { name: string; data: Json; headers?: JsonObject }): Promise<void>;
}

/** Subscriptions made by a plugin are like those made over the API. */
export interface PluginSubscriptions {
  list(): Promise<Subscription[]>;
  get(uuid: string): Promise<Subscription>;
  create(
    input: Partial<SubscriptionInput> & Pick<SubscriptionInput, 'name' | 'service' | 'events'>,
    options?: { tenantUuid?: string },
  ): Promise<Subscription>;
  update(
    uuid: string,
    input: Partial<SubscriptionInput> & Pick<SubscriptionInput, 'name' | 'service' | 'events'>,
  ): Promise<Subscription>;
  delete(uuid: string): Promise<void>;
}

/** Something to be shown by `GET /1.0/status`. */
export type StatusProvider = (status: Record<string, Json>) => void | Promise<void>;

/** What a plugin may use; asked for by name from the constructor's argument. */
export interface PluginCradle {
  readonly busConsumer: PluginBusConsumer;
  readonly busPublisher: PluginBusPublisher;
  /** The daemon's configuration without its secrets, frozen. */
  readonly config: Readonly<JsonObject>;
  readonly subscriptionService: PluginSubscriptions;
  readonly statusAggregator: { addProvider(provider: StatusProvider): void };
  /** Routes under `/1.0`, behind the daemon's authentication; only for a plugin that runs inside the daemon. */
  readonly api: FastifyInstance;
  /** A client for reading answers; redirects are not followed and nothing is retried unless asked for. */
  readonly http: Got;
  readonly log: PluginLog;
  /** The variables the package declares; a change shows at the next look. */
  readonly secrets: Variables;
  readonly environment: Environment;
}
