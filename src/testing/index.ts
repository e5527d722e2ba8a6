/**
 * What plugin authors test with, imported as `webhookd/testing`: runs a service or a handler without a
 * daemon, a broker or a database.
 *
 * An attempt goes through the daemon's own runner, so that a test sees the outcome the daemon would see.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { wholeDetail } from '../attempt-detail.ts';
import { createApi } from '../api/server.ts';
import { StatusAggregator } from '../api/status-aggregator.ts';
import { MasterTenant } from '../auth/master-tenant.ts';
import { LocalPrincipal } from '../auth/tokens.ts';
import type { OutgoingEvent } from '../bus/message.ts';
import { Bindings } from '../bus/topology.ts';
import { type Config, ConfigSchema } from '../config/schema.ts';
import { defaultMasterTenant } from '../config/sections/auth.ts';
import { RetryPolicies } from '../deliveries/retry-policy.ts';
import { AttemptRunner } from '../deliveries/runner.ts';
import type { KeptEvent, JsonObject } from '../model.ts';
import { toCamelKeys } from '../naming.ts';
import type { PluginCradle, Service, ServiceClass } from '../plugin-api/contract.ts';
import { pluginApiVersion } from '../plugin-api/version.ts';
import { makeCradle } from '../plugins/cradle.ts';
import { type Entry, makeEntry } from '../plugins/entry.ts';
import { EventTaps } from '../plugins/event-taps.ts';
import { Matcher } from '../subscriptions/matcher.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import { InvalidSubscription, SubscriptionService } from '../subscriptions/service.ts';
import type {
  Harness,
  HarnessOptions,
  TestCall,
  TestDelivery,
  TestEvent,
  TestLogLine,
} from './harness.ts';
import { compileForeignSchema, compileSchema } from '../validation.ts';
import { stopClock } from './clock.ts';
import { answering } from './http-double.ts';

export { InvalidSubscription };

export type {
  Harness,
  HarnessOptions,
  TestAnswer,
  TestCall,
  TestClock,
  TestDelivery,
  TestEvent,
  TestLogLine,
  TestOutcome,
} from './harness.ts';

/** Makes the service and calls its `load`, as the daemon does at start. Rejects as `load` does. */
export async function createHarness<S extends Service>(
  serviceClass: new (cradle: PluginCradle) => S,
  { service: name = 'test', config: values = {}, secrets = {}, respond, now }: HarnessOptions = {},
): Promise<Harness<S>> {
  const { configSchema } = serviceClass as ServiceClass;
  const config = readConfig(values);
  const masterTenant = new MasterTenant(config.auth.masterTenantUuid ?? defaultMasterTenant);
  const anybody = { tenantUuid: null, userUuid: null };
  const validate = configSchema === undefined ? () => null : compileForeignSchema(configSchema);
  const lines: TestLogLine[] = [];
  const log = pino(
    { level: 'trace', base: null, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => lines.push(JSON.parse(line) as TestLogLine) },
  );
  const published: OutgoingEvent[] = [];
  // Without a channel they refuse what the daemon refuses, and bind nothing.
  const bindings = new Bindings(config.bus, log);
  const taps = new EventTaps(bindings, log);
  const status = new StatusAggregator(log);
  const subscriptions = new SubscriptionService({
    store: {
      subscriptions: () => Promise.resolve([]),
      putSubscription: () => Promise.resolve(),
      deleteSubscription: () => Promise.resolve(),
    },
    matcher: new Matcher(masterTenant),
    bindings,
    checkConfig: (wanted, options) =>
      wanted === name ? problemsFrom(validate(options) ?? [], 'config') : [],
    onChange: () => undefined,
    announcementOf: () => '',
    announce: () => undefined,
  });
  const calls: TestCall[] = [];
  const clock = stopClock(now);
  let made: { entry: Entry; cradle: PluginCradle } | undefined;
  const server = await createApi({
    restApi: config.restApi,
    authenticator: {
      authenticate: ({ tenantUuid }) =>
        Promise.resolve(new LocalPrincipal(anybody, tenantUuid, masterTenant)),
    },
    isOpen: false,
    addRoutes: async (api) => {
      const { cradle: real } = makeCradle(
        {
          taps,
          publish: (event) => Promise.resolve(void published.push(event)),
          config,
          masterTenant,
          subscriptions,
          addStatusProvider: (provider) => status.addProvider(provider),
          api,
        },
        {
          log: log.child({ plugin: 'test', service: name }),
          secrets: Object.freeze({ ...secrets }),
          environment: {
            serverUuid: randomUUID(),
            plugin: 'test',
            version: '1.0.0',
            apiVersion: pluginApiVersion,
          },
        },
      );
      const cradle = respond === undefined ? real : answering(real, respond, calls);
      made = { entry: await makeEntry(serviceClass, cradle), cradle };
    },
    log,
  }).catch((error: unknown) => {
    clock.release();
    throw error;
  });
  if (made === undefined) throw new Error('the service was not made');
  const { entry, cradle } = made;

  const subscriptionOf = async ({
    subscription = {},
    config: options = {},
    event,
  }: TestDelivery) => {
    if ('uuid' in subscription) return subscriptions.get(subscription.uuid);
    const input = {
      name: 'test',
      events: [event.name],
      config: structuredClone(options),
      ...subscription,
      service: name,
    };
    return cradle.subscriptionService.create(input);
  };
  return {
    service: entry.instance as S,
    cradle,
    calls,
    clock,
    published,
    log: lines,
    api: server,
    subscriptions: cradle.subscriptionService,
    async deliver(delivery) {
      const subscription = await subscriptionOf(delivery);
      const { id = randomUUID(), attempt = 1, signal = new AbortController().signal } = delivery;
      const event = completeEvent(delivery.event);
      const runner = new AttemptRunner({
        retries: RetryPolicies.from(config),
        signal,
        signer: undefined,
        log,
      });
      const result = await runner.run(
        {
          plugin: 'test',
          log: cradle.log,
          secrets: cradle.secrets,
          isFull: false,
          endpointOf: () => null,
          redact: (text) => text,
          call: (...[subscribed, { event: given }, context]) =>
            entry.call(subscribed, given, context),
        },
        subscription,
        {
          id,
          subscriptionUuid: subscription.uuid,
          event,
          attempts: attempt - 1,
          attemptsBefore: 0,
          size: 0,
          request: null,
        },
      );
      if (result === undefined)
        return { status: 'cut', detail: {}, after: undefined, requests: [] };
      const { status, after, requests } = result;
      return { status, detail: wholeDetail(result, event.data), after, requests };
    },
    emit: (event) => taps.emit(completeEvent(event)),
    status: () => status.collect(),
    async dispose() {
      try {
        await entry.dispose();
      } finally {
        clock.release();
        await server.close();
      }
    },
  };
}

function readConfig(values: JsonObject): Config {
  const complete = structuredClone(values);
  const errors = compileSchema(ConfigSchema)(complete);
  if (errors === null) return toCamelKeys(ConfigSchema, complete as never);
  throw new TypeError(
    `config: ${errors.map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`).join('; ')}`,
  );
}

/** Frozen: an event belongs to several deliveries, and a service that changes it is found out here. */
function completeEvent({
  name,
  data = {},
  originUuid = null,
  headers = {},
  receivedAt = Date.now(),
}: TestEvent): KeptEvent {
  return deepFreeze({
    name,
    data: structuredClone(data),
    dataJson: JSON.stringify(data),
    originUuid,
    headers: { name, ...headers },
    receivedAt,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
