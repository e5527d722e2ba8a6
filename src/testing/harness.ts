/** What a test gives to a harness, and what it gets. */
import type { FastifyInstance } from 'fastify';
import type { OutgoingEvent } from '../bus/message.ts';
import type { AttemptStatus, BusEvent, Json, JsonObject, Subscription } from '../model.ts';
import type { PluginCradle, PluginSubscriptions, Service } from '../plugin-api/contract.ts';
import type { HttpRequest } from '../plugin-api/request.ts';
import type { SubscriptionInput } from '../subscriptions/schema.ts';

export interface HarnessOptions {
  /** The name the service has in package.json. */
  service?: string;
  /** The daemon's configuration as its YAML files have it; the defaults for what is not given. */
  config?: JsonObject;
  /** The variables the package declares, as an administrator would set them. */
  secrets?: Record<string, string>;
  /** Answers what the plugin sends with `http`; without it requests really go out. */
  respond?: (call: TestCall) => TestAnswer | Promise<TestAnswer>;
  /** Stops the clock at this time (ms or a date); `harness.clock` moves it. */
  now?: number | Date;
}

/** A request the plugin made itself, with `http`. */
export interface TestCall {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  /** null: none. */
  body: string | null;
}

/** What the other side answers. */
export interface TestAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | JsonObject;
}

/** A clock that moves when it is told to: `Date`, `setTimeout` and `setInterval` follow it. */
export interface TestClock {
  /** Lets time pass, and what was due in it happen. */
  advance(milliseconds: number): Promise<void>;
}

/** An event as a test writes it: only what the test is about. */
export type TestEvent = Pick<BusEvent, 'name'> & Partial<BusEvent>;

export interface TestDelivery {
  event: TestEvent;
  /** For a service: its options, `subscription.config`. Checked by the class's `configSchema`. */
  config?: JsonObject;
  /** Further fields of the subscription; or a whole one made before, with its own `config`. */
  subscription?: Partial<SubscriptionInput> | Subscription;
  /** The delivery's id, the same over all attempts of one delivery. */
  id?: string;
  /** Which attempt this is, 1 for the first. */
  attempt?: number;
  /** Aborts as it does when the daemon stops and waits no longer. */
  signal?: AbortSignal;
}

/** What came of an attempt. */
export interface TestOutcome {
  /** `failure` is tried again, `error` is final; an attempt that was `cut` by the signal does not count. */
  status: AttemptStatus | 'cut';
  /** What the subscription's log would show. */
  detail: JsonObject;
  /** Seconds to wait at least before the next attempt, when the service asked for it. */
  after: number | undefined;
  /** Requests it returned: the daemon would make them. */
  requests: readonly HttpRequest[];
}

/** A line the service or the daemon logged. */
export interface TestLogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface Harness<S extends Service> {
  /** The instance under test. */
  readonly service: S;
  /** What it was made with. */
  readonly cradle: PluginCradle;
  /** What it sent with `http`, when the harness was told how to `respond`. */
  readonly calls: readonly TestCall[];
  /** There when the harness was given a time. */
  readonly clock: TestClock;
  /** What it published. */
  readonly published: readonly OutgoingEvent[];
  readonly log: readonly TestLogLine[];
  /** The server with the service's own routes: `await harness.api.inject('/1.0/...')`. It does not listen. */
  readonly api: FastifyInstance;
  readonly subscriptions: PluginSubscriptions;
  /**
   * Makes one attempt.
   *
   * @throws InvalidSubscription when the config does not fit the schema: over the API that is a 400
   */
  deliver(delivery: TestDelivery): Promise<TestOutcome>;
  /** Hands an event to the callbacks subscribed with `busConsumer`. They have begun when this returns. */
  emit(event: TestEvent): void;
  /** What `GET /1.0/status` would show of the service. */
  status(): Promise<Record<string, Json>>;
  /** Calls the service's `dispose`, and lets go of the rest. Rejects as that does. */
  dispose(): Promise<void>;
}
