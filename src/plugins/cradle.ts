/** Makes what a plugin may use: a narrow, frozen view of the daemon, never the daemon itself. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { OutgoingEvent } from '../bus/message.ts';
import type { Config } from '../config/schema.ts';
import type { JsonObject, Subscription } from '../model.ts';
import type {
  EventCallback,
  PluginBusConsumer,
  PluginCradle,
  PluginLog,
  PluginSubscriptions,
  StatusProvider,
  SubscriptionInput,
} from '../plugin-api/index.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import type { EventTaps, Tap } from './event-taps.ts';

export interface CradleSources {
  taps: EventTaps;
  publish: (event: OutgoingEvent) => Promise<void>;
  config: Config;
  /** Throws as long as it is not known. */
  masterTenant: { require(): string };
  subscriptions: SubscriptionService;
  addStatusProvider: (provider: StatusProvider) => void;
  api: FastifyInstance;
  log: Logger;
}

/** A maker of cradles, one for each service. */
export function cradleMaker(sources: CradleSources) {
  return async (plugin: {
    name: string;
    service: string;
    isBundled: boolean;
  }): Promise<PluginCradle> =>
    Object.freeze({
      busConsumer: pluginBusConsumer(sources),
      busPublisher: Object.freeze({ publish: sources.publish }),
      config: publicConfig(sources.config),
      subscriptionService: pluginSubscriptions(sources),
      statusAggregator: Object.freeze({ addProvider: sources.addStatusProvider }),
      api: sources.api,
      log: pluginLog(sources.log.child({ plugin: plugin.name, service: plugin.service })),
      // got takes as much memory as all bundled plugins together, and those do not use it.
      http: plugin.isBundled ? undefined : await makeHttpClient(),
    }) as PluginCradle;
}

async function makeHttpClient() {
  const { got } = await import('got');
  return got.extend({ followRedirect: false, retry: { limit: 0 }, timeout: { request: 15_000 } });
}

function pluginLog(log: Logger): PluginLog {
  return Object.freeze({
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  } satisfies PluginLog);
}

/** What plugins need to know of the configuration; the bus's and the API's secrets are not among it. */
function publicConfig({
  uuid,
  hookMaxAttempts,
  hookHttpRetryCountdownFactor,
  http,
}: Config): Readonly<JsonObject> {
  return Object.freeze({ uuid, hookMaxAttempts, hookHttpRetryCountdownFactor, http: { ...http } });
}

function pluginBusConsumer({ taps, subscriptions }: CradleSources): PluginBusConsumer {
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
    bindings: () => [
      ...subscriptions.list().flatMap(bindingsOfSubscription),
      ...taps.list().flatMap(bindingsOfTap),
    ],
  } satisfies PluginBusConsumer);
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

function pluginSubscriptions({ subscriptions, masterTenant }: CradleSources): PluginSubscriptions {
  const complete = (
    input: Partial<SubscriptionInput> & Pick<SubscriptionInput, 'name' | 'service' | 'events'>,
  ): SubscriptionInput => ({
    eventsUserUuid: null,
    eventsWazoUuid: null,
    ownerUserUuid: null,
    metadata: {},
    ...input,
    // Checking it changes it, and it is kept: it must not be the plugin's own object.
    config: structuredClone(input.config ?? {}),
  });
  return Object.freeze({
    list: () => subscriptions.list(),
    get: (uuid) => subscriptions.get(uuid),
    create: async (input, { tenantUuid = masterTenant.require() } = {}) =>
      subscriptions.create(complete(input), { tenantUuid }),
    update: (uuid, input) => subscriptions.update(uuid, complete(input)),
    delete: (uuid) => subscriptions.delete(uuid),
  } satisfies PluginSubscriptions);
}
