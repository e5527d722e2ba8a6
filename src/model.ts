/**
 * The words of the project, as types.
 *
 * - **event**: one bus message: a name, its data, where it came from, and its AMQP headers.
 * - **subscription**: who wants which events, delivered how.
 * - **service**: a kind of delivery (`http`, `example`), provided by a plugin, chosen by `subscription.service`.
 * - **delivery**: one event for one subscription. Its id is the same over all its attempts.
 * - **attempt**: one try of a delivery, with its outcome: `success`, `failure` (will be tried again)
 *   or `error` (final).
 * - **tenant**: an owner of subscriptions; the *master tenant* sees the events of all.
 *
 * Points in time are milliseconds since the epoch unless a name says otherwise.
 */

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** One bus message. */
export interface BusEvent {
  /** At most 128 characters can be subscribed to; longer names match nobody. */
  name: string;
  data: Json;
  /** The server the event comes from, as its publisher says. */
  originUuid: string | null;
  /** AMQP headers; values that JSON has no form for (binary, 64-bit integers, dates) are strings. */
  headers: JsonObject;
  receivedAt: number;
}

/** An event that is kept for delivery. */
export interface KeptEvent extends BusEvent {
  /** `data` as JSON text, made once for all who send it on; integers beyond 2^53 are exact in it alone. */
  dataJson: string;
}

/** Who wants which events delivered how. */
export interface Subscription {
  uuid: string;
  name: string;
  /** The service that delivers; one that no plugin provides yet keeps the deliveries waiting. */
  service: string;
  /** Options of the service. */
  config: JsonObject;
  /** Event names. */
  events: string[];
  /** Only events that concern this user. */
  eventsUserUuid: string | null;
  /** Only events that come from this server. */
  eventsWazoUuid: string | null;
  ownerUserUuid: string | null;
  ownerTenantUuid: string;
  metadata: JsonObject;
  /** An expression over event and headers: only events for which it is true. */
  filter: string | null;
  delivery: DeliveryOptions;
  /** Why and since when its deliveries are parked; null: they are made. */
  disabled: Disabling | null;
}

/** How the deliveries of a subscription are made; what is not given is as the configuration says. */
export interface DeliveryOptions {
  /** Pauses after the first, second ... failed attempt in seconds, or the name of such a list. */
  schedule?: RetrySchedule;
  maxAttempts?: number;
  /** Of a whole attempt, s. */
  timeout?: number;
  /** Of connecting, s. */
  connectTimeout?: number;
  maxInFlight?: number;
  /** Attempts a second. */
  rateLimit?: number;
  /** One at a time, in the order of the events. */
  ordered?: boolean;
}

/** `wazo`: growing by a factor, as wazo-webhookd has it; `standard`: that of Standard Webhooks. */
export type RetrySchedule = 'wazo' | 'standard' | readonly number[];

/** `manual`: by hand; `gone`: the endpoint answered 410; `failing`: nothing but failures for too long. */
export type DisablingReason = 'manual' | 'gone' | 'failing';

export interface Disabling {
  reason: DisablingReason;
  at: number;
}

/** What a delivery still needs to be attempted. */
export interface Delivery {
  /** A UUID of version 7, the same over all attempts. */
  id: string;
  subscriptionUuid: string;
  event: KeptEvent;
  /** How many attempts were made so far. */
  attempts: number;
  /** How many of them were made before it was taken up again by hand: the schedule begins after them. */
  attemptsBefore: number;
  /** It was taken up again by hand while it was in memory. */
  isRenewed?: boolean;
  /** Size of the event in bytes, as a bound for what is held in memory. */
  size: number;
  /** A request that a plugin returned, sealed: it is to be made instead of calling the service. */
  request: string | null;
}

/** `success` and `error` are final; after `failure` the delivery is attempted again. */
export type AttemptStatus = 'success' | 'failure' | 'error';

/** `pending` waits for an attempt, is parked, or is being attempted; the others are final. */
export type DeliveryStatus = 'pending' | 'succeeded' | 'failed' | 'cancelled';

/** The same, as people see it: what waits for a disabled subscription is `parked`. */
export type ShownStatus = DeliveryStatus | 'parked';

/** A delivery as a thing to be looked at. */
export interface DeliveryRecord {
  id: string;
  subscriptionUuid: string;
  event: Pick<BusEvent, 'name' | 'data' | 'receivedAt'>;
  status: ShownStatus;
  attempts: number;
  /** null: it is final. */
  nextAttemptAt: number | null;
  /** Whether it is a request that a plugin returned. */
  isRequest: boolean;
}

/** Which of a subscription's deliveries a replay takes up again. */
export interface ReplaySelection {
  statuses: ('succeeded' | 'failed' | 'cancelled')[];
  /** Names and patterns of names; empty: all. */
  events: string[];
  /** Received then or later; null: from the beginning. */
  since: number | null;
  /** Received before; null: until the replay was asked for. */
  until: number | null;
}

export interface Replay {
  id: string;
  subscriptionUuid: string;
  selection: ReplaySelection;
  status: 'running' | 'done' | 'cancelled';
  /** How many deliveries there were to take up when it was asked for. */
  total: number;
  done: number;
  /** The delivery it came to last. */
  after: string;
  createdAt: number;
  endedAt: number | null;
}

/** One finished try of a delivery. */
export interface Attempt {
  deliveryId: string;
  subscriptionUuid: string;
  /** 1 for the first. */
  number: number;
  maxAttempts: number;
  status: AttemptStatus;
  startedAt: number;
  endedAt: number;
  /** What the service says of the attempt; for http the request and the response. */
  detail: JsonObject;
  /** When the delivery is to be attempted again; null when this attempt was the last. */
  nextAttemptAt: number | null;
}

/** A subscription's log entry: an attempt with the event it was for. */
export interface LoggedAttempt extends Omit<Attempt, 'nextAttemptAt'> {
  event: Pick<BusEvent, 'name' | 'data'>;
}

/** An opaque access token as it is kept: only its hash. */
export interface AccessToken {
  uuid: string;
  name: string;
  /** SHA-256 of the token, hexadecimal. */
  hash: string;
  /** null: the master tenant, whichever that is. */
  tenantUuid: string | null;
  /** The user it acts for; null: nobody in particular. */
  userUuid: string | null;
  /** What it may do: patterns such as `webhookd.subscriptions.#`. */
  acl: string[];
  createdAt: number;
}

/** What an administrator told a plugin. */
export interface PluginVariable {
  plugin: string;
  name: string;
  value: string;
  /** Whether the value is encrypted. */
  isSealed: boolean;
}

/** What is kept of a plugin over restarts. */
export interface PluginState {
  name: string;
  isEnabled: boolean;
  /** Why it is disabled. */
  reason: string | null;
  /** What its classes said of themselves when they were loaded last, as JSON; null when they never were. */
  traits: string | null;
}
