/**
 * What plugin authors import as `webhookd/plugin`.
 *
 * A plugin is an npm package whose package.json has `webhookd.services`: names of services, each with
 * the module whose default export is a class like {@link Service}.
 */
import type { FastifyInstance } from 'fastify';
import type { Got } from 'got';
import type { BusEvent, Json, JsonObject, KeptEvent, Subscription } from '../model.ts';
import type { SubscriptionInput } from '../subscriptions/schema.ts';

export { compileTemplate, type Template, TemplateError } from '../templates/template.ts';

export type { BusEvent, Json, JsonObject, KeptEvent, Subscription, SubscriptionInput };

/** The version of this contract; `webhookd.engines` of a plugin is a range that has to include it. */
export const pluginApiVersion = '1.0.0';

/** Marks errors by what they mean, so that a plugin may bring a copy of this module of its own. */
const kindOfError = Symbol.for('webhookd.error-kind');

/** What the service says of an attempt: shown in the subscription's log. */
export type Detail = JsonObject;

/** A delivery did not succeed now and is to be tried again as the retry policy says. */
export class HookRetry extends Error {
  override readonly name = 'HookRetry';
  readonly [kindOfError] = 'retry';
  /** Seconds to wait at least before the next attempt. */
  readonly after: number | undefined;

  constructor(
    readonly detail: Detail = {},
    options: { after?: number } = {},
  ) {
    super('the delivery is to be attempted again');
    this.after = options.after;
  }
}

/** A delivery failed for good, for a reason the service foresaw: no stack is logged. */
export class HookExpectedError extends Error {
  override readonly name = 'HookExpectedError';
  readonly [kindOfError] = 'expected';

  constructor(readonly detail: Detail = {}) {
    super('the delivery failed for good');
  }
}

/** Whether something thrown is a {@link HookRetry}, of whatever copy of this module. */
export function isHookRetry(error: unknown): error is HookRetry {
  return kindOf(error) === 'retry';
}

/** Whether something thrown is a {@link HookExpectedError}, of whatever copy of this module. */
export function isHookExpectedError(error: unknown): error is HookExpectedError {
  return kindOf(error) === 'expected';
}

function kindOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Record<symbol, unknown>)[kindOfError]
    : undefined;
}

/** A log that prefixes what it writes with the plugin's name. */
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
}

/** A detail for the log, or nothing. Throw {@link HookRetry} or {@link HookExpectedError} when it did not work. */
export type Outcome = Detail | undefined | void;

/** A class whose instances deliver the events of subscriptions that name its service. */
export interface Service {
  /** Called once, before the first delivery; the plugin is not used when it throws. */
  load?(dependencies: PluginCradle): void | Promise<void>;
  /** Delivers one event. The event belongs to several deliveries: do not change it. */
  callback(
    subscription: Subscription,
    event: KeptEvent,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
  /** Called when the daemon stops, after the last delivery. */
  dispose?(): void | Promise<void>;
}

/** What a plugin's module exports. */
export interface ServiceClass {
  new (cradle: PluginCradle): Service;
  /** JSON Schema of `subscription.config`; a subscription that does not fit is refused with 400. */
  readonly configSchema?: object;
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
  bindings(): { uuid: string; event: string; headers: JsonObject }[];
}

export interface PluginBusPublisher {
  /** Resolves when the broker has the event. */
  publish(event: { name: string; data: Json; headers?: JsonObject }): Promise<void>;
}

/** Subscriptions made by a plugin are like those made over the API. */
export interface PluginSubscriptions {
  list(): Subscription[];
  get(uuid: string): Subscription;
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
  /** Routes under `/1.0`, behind the daemon's authentication. */
  readonly api: FastifyInstance;
  /** A client for reading answers; redirects are not followed and nothing is retried unless asked for. */
  readonly http: Got;
  readonly log: PluginLog;
}
