/** Makes what a plugin may use: a narrow, frozen view of the daemon, never the daemon itself. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { OutgoingEvent } from '../bus/message.ts';
import type { Config } from '../config/schema.ts';
import type { JsonObject, Subscription } from '../model.ts';
import { toCamelKeys, toSnakeKeys } from '../naming.ts';
import type {
  EventCallback,
  PluginBusConsumer,
  PluginCradle,
  PluginLog,
  PluginSubscriptions,
  StatusProvider,
} from '../plugin-api/contract.ts';
import type { Environment, Variables } from '../plugin-api/handled-event.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import { SubscriptionInput } from '../subscriptions/schema.ts';
import { InvalidSubscription, type SubscriptionService } from '../subscriptions/service.ts';
import { compileSchema } from '../validation.ts';
import type { EventTaps, Tap } from './event-taps.ts';
import { lazyHttpClient } from './http-client.ts';
import { ownFields } from './own-fields.ts';

/** What all plugins share of the daemon. */
export interface CradleSources {
  taps: EventTaps;
  publish: (event: OutgoingEvent) => Promise<void>;
  config: Config;
  /** Throws as long as it is not known. */
  masterTenant: { require(): string };
  subscriptions: SubscriptionService;
  addStatusProvider: (provider: StatusProvider) => () => void;
  api: FastifyInstance;
}

/** What is one plugin's own. */
export interface OwnPart {
  log: Logger;
  secrets: Variables;
  environment: Environment;
}

/** A cradle, and what lets go of everything that was asked of the daemon through it. */
export interface CradleWithEnd {
  cradle: PluginCradle;
  end: () => Promise<void>;
}

/** Makes what a plugin that runs inside the daemon may use. */
export function makeCradle(sources: CradleSources, own: OwnPart): CradleWithEnd {
  const busConsumer = pluginBusConsumer(sources);
  const removals: (() => void)[] = [];
  const log = pluginLog(own.log);
  const http = lazyHttpClient(sources.config.plugins.maxRequestTimeout * 1000, log);
  const cradle: PluginCradle = {
    busConsumer,
    busPublisher: Object.freeze({ publish: sources.publish }),
    config: publicConfig(sources.config),
    subscriptionService: pluginSubscriptions(sources),
    statusAggregator: Object.freeze({
      addProvider: (provider: StatusProvider) => {
        removals.push(sources.addStatusProvider(provider));
      },
    }),
    api: sources.api,
    get http() {
      return http();
    },
    log,
    secrets: own.secrets,
    environment: own.environment,
  };
  return {
    cradle: Object.freeze(cradle),
    end: async () => {
      for (const remove of removals) remove();
      await busConsumer.end();
    },
  };
}

export function pluginLog(log: Logger): PluginLog {
  return Object.freeze({
    debug: (message, fields = {}) => log.debug(ownFields(fields), message),
    info: (message, fields = {}) => log.info(ownFields(fields), message),
    warn: (message, fields = {}) => log.warn(ownFields(fields), message),
    error: (message, fields = {}) => log.error(ownFields(fields), message),
  } satisfies PluginLog);
}

/** What plugins need to know of the configuration; the bus's and the API's secrets are not among it. */
export function publicConfig({
  uuid,
  hookMaxAttempts,
  hookHttpRetryCountdownFactor,
  http,
}: Config): Readonly<JsonObject> {
  return Object.freeze({
    uuid,
    hookMaxAttempts,
    hookHttpRetryCountdownFactor,
    http: { ...http },
  });
}

export function pluginBusConsumer({
  taps,
  subscriptions,
}: Pick<CradleSources, 'taps' | 'subscriptions'>): PluginBusConsumer & {
  end: () => Promise<void>;
} {
  const own: Tap[] = [];
  const add = async (tap: Tap) => {
    own.push(tap);
    await taps.add(tap);
  };
  const remove = async (isMeant: (tap: Tap) => boolean) => {
    const place = own.findIndex(isMeant);
    const [tap] = place < 0 ? [] : own.splice(place, 1);
    if (tap !== undefined) await taps.remove(tap);
    return tap !== undefined;
  };
  return Object.freeze({
    subscribe: (
      name: string,
      callback: EventCallback,
      { headers = {}, matchAll = true }: { headers?: JsonObject; matchAll?: boolean } = {},
    ) =>
      add({ uuid: randomUUID(), eventNames: [name], callback, headers, matchAll, wazoUuid: null }),
    unsubscribe: (name: string, callback: EventCallback) =>
      remove(
        (tap) =>
          tap.callback === callback && tap.eventNames.length === 1 && tap.eventNames[0] === name,
      ),
    subscribeToEventNames: ({ uuid, eventNames, userUuid = null, wazoUuid = null, callback }) =>
      add({
        uuid,
        eventNames: [...new Set(eventNames)],
        callback,
        headers: userHeaders(userUuid),
        matchAll: true,
        wazoUuid,
      }),
    unsubscribeFromEventNames: (uuid: string) => remove((tap) => tap.uuid === uuid),
    bindings: () =>
      Promise.resolve([
        ...subscriptions.list().flatMap(bindingsOfSubscription),
        ...taps.list().flatMap(bindingsOfTap),
      ]),
    end: async () => {
      for (const tap of own.splice(0)) await taps.remove(tap);
    },
  } satisfies PluginBusConsumer & { end: () => Promise<void> });
}

const userHeaders = (userUuid: string | null): JsonObject =>
  userUuid === null ? {} : { [`user_uuid:${userUuid}`]: true };

function bindingsOfSubscription({ uuid, events, eventsUserUuid, eventsWazoUuid }: Subscription) {
  const origin = eventsWazoUuid === null ? {} : { origin_uuid: eventsWazoUuid };
  return events.map((event) => ({
    uuid,
    event,
    headers: { name: event, ...userHeaders(eventsUserUuid), ...origin },
  }));
}

function bindingsOfTap({ uuid, eventNames, headers, wazoUuid }: Tap) {
  const origin = wazoUuid === null ? {} : { origin_uuid: wazoUuid };
  return eventNames.map((event) => ({
    uuid,
    event,
    headers: { name: event, ...headers, ...origin },
  }));
}

export function pluginSubscriptions({
  subscriptions,
  masterTenant,
}: Pick<CradleSources, 'subscriptions' | 'masterTenant'>): PluginSubscriptions {
  return Object.freeze({
    list: () => Promise.resolve(subscriptions.list()),
    get: (uuid) => new Promise((resolve) => resolve(subscriptions.get(uuid))),
    create: async (input, { tenantUuid = masterTenant.require() } = {}) =>
      subscriptions.create(completeInput(input), { tenantUuid }),
    update: async (uuid, input) => subscriptions.update(uuid, completeInput(input)),
    delete: (uuid) => subscriptions.delete(uuid),
  } satisfies PluginSubscriptions);
}

const validate = compileSchema(SubscriptionInput);

/** Checked as a client's body is: plugins in JavaScript may ask for anything. Throws {@link InvalidSubscription}. */
function completeInput(input: Parameters<PluginSubscriptions['create']>[0]): SubscriptionInput {
  // Checking it changes it, and it is kept: it must not be the plugin's own object.
  const given = structuredClone({
    ...toSnakeKeys(SubscriptionInput, input),
    config: input.config ?? {},
  });
  const problems = problemsFrom(validate(given) ?? []);
  if (problems.length > 0) throw new InvalidSubscription(problems);
  return toCamelKeys(SubscriptionInput, given as never);
}
