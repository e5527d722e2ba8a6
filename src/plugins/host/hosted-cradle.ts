/** What a plugin in a host may use: the same as in the daemon, asked for by message. */
import { randomUUID } from 'node:crypto';
import type { BusEvent, JsonObject, Subscription } from '../../model.ts';
import type {
  EventCallback,
  PluginBusConsumer,
  PluginCradle,
  PluginLog,
  PluginSubscriptions,
  StatusProvider,
} from '../../plugin-api/contract.ts';
import type { Environment } from '../../plugin-api/handled-event.ts';
import { lazyHttpClient } from '../http-client.ts';
import type { HostLog } from './host-log.ts';
import type { DaemonFunctions, TapOrder } from './protocol.ts';

/** What a host knows of what its plugins asked for. */
export interface HostedState {
  /** Variables by plugin; a change is seen at the next look. */
  variables: Map<string, Record<string, string>>;
  taps: Map<string, EventCallback>;
  providers: Set<StatusProvider>;
}

interface Hosted {
  plugin: string;
  service: string;
  daemon: DaemonFunctions;
  state: HostedState;
  log: HostLog;
  config: JsonObject;
  environment: Environment;
  /** ms */
  maxRequestTimeout: number;
}

export function hostedCradle(hosted: Hosted): PluginCradle {
  const { plugin, state, daemon, config, environment, maxRequestTimeout } = hosted;
  const log = hostedLog(hosted);
  const http = lazyHttpClient(maxRequestTimeout, log);
  return Object.freeze<PluginCradle>({
    busConsumer: hostedConsumer(hosted),
    busPublisher: Object.freeze({
      publish: (event: Parameters<DaemonFunctions['publish']>[0]) => daemon.publish(event),
    }),
    config: Object.freeze(config),
    subscriptionService: hostedSubscriptions(daemon),
    statusAggregator: Object.freeze({
      addProvider: (provider: StatusProvider) => void state.providers.add(provider),
    }),
    get api(): never {
      throw new Error(
        'a plugin in a process of its own has no `api`: an administrator may let it run inside the daemon with plugins.inline',
      );
    },
    get http() {
      return http();
    },
    log,
    secrets: variablesOf(() => state.variables.get(plugin) ?? {}),
    environment: Object.freeze(environment),
  });
}

/** Reads as an object whose values may change from outside, and cannot be changed from within. */
export function variablesOf(read: () => Record<string, string>): Record<string, string> {
  return new Proxy<Record<string, string>>(
    {},
    {
      get: (_target, key) => (typeof key === 'string' ? ownValue(read(), key) : undefined),
      has: (_target, key) => typeof key === 'string' && Object.hasOwn(read(), key),
      ownKeys: () => Object.keys(read()),
      getOwnPropertyDescriptor: (_target, key) => {
        const value = typeof key === 'string' ? ownValue(read(), key) : undefined;
        return value === undefined
          ? undefined
          : { value, enumerable: true, configurable: true, writable: false };
      },
      set: () => false,
      deleteProperty: () => false,
      defineProperty: () => false,
    },
  );
}

const ownValue = (values: Record<string, string>, key: string) =>
  Object.hasOwn(values, key) ? values[key] : undefined;

function hostedLog({ plugin, service, log }: Hosted): PluginLog {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}) =>
      log.write({ plugin, service, level, message, fields });
  return Object.freeze({
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  });
}

function hostedConsumer({ daemon, state }: Hosted): PluginBusConsumer {
  const own: { id: string; uuid: string; names: string[]; callback: EventCallback }[] = [];
  const add = async (order: Omit<TapOrder, 'id'>, callback: EventCallback) => {
    const id = randomUUID();
    own.push({ id, uuid: order.uuid, names: order.eventNames, callback });
    state.taps.set(id, callback);
    await daemon.tap({ id, ...order });
  };
  const remove = async (isMeant: (tap: (typeof own)[number]) => boolean) => {
    const place = own.findIndex(isMeant);
    const [tap] = place < 0 ? [] : own.splice(place, 1);
    if (tap === undefined) return false;
    state.taps.delete(tap.id);
    await daemon.untap(tap.id);
    return true;
  };
  return Object.freeze<PluginBusConsumer>({
    subscribe: (name, callback, { headers = {}, matchAll = true } = {}) =>
      add({ uuid: randomUUID(), eventNames: [name], headers, matchAll, wazoUuid: null }, callback),
    unsubscribe: (name, callback) =>
      remove((tap) => tap.callback === callback && tap.names.length === 1 && tap.names[0] === name),
    subscribeToEventNames: ({ uuid, eventNames, userUuid = null, wazoUuid = null, callback }) =>
      add(
        {
          uuid,
          eventNames: [...new Set(eventNames)],
          headers: userUuid === null ? {} : { [`user_uuid:${userUuid}`]: true },
          matchAll: true,
          wazoUuid,
        },
        callback,
      ),
    unsubscribeFromEventNames: (uuid) => remove((tap) => tap.uuid === uuid),
    bindings: () => daemon.bindings(),
  });
}

function hostedSubscriptions(daemon: DaemonFunctions): PluginSubscriptions {
  const call = <R>(method: Parameters<DaemonFunctions['subscription']>[0], ...args: unknown[]) =>
    daemon.subscription(method, args) as Promise<R>;
  return Object.freeze<PluginSubscriptions>({
    list: () => call<Subscription[]>('list'),
    get: (uuid) => call<Subscription>('get', uuid),
    create: (input, options = {}) => call<Subscription>('create', input, options),
    update: (uuid, input) => call<Subscription>('update', uuid, input),
    delete: (uuid) => call<undefined>('delete', uuid),
  });
}

/** Hands an event to a callback; what it throws is the log's. */
export async function tell(callback: EventCallback, event: BusEvent): Promise<Error | undefined> {
  try {
    await callback(event);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
