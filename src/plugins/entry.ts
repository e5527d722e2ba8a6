/**
 * One class of a plugin, made and ready to be called. The same code runs in the daemon, in a plugin's own
 * process and in a plugin's tests, so that a plugin does not notice where it is.
 */
import { pathToFileURL } from 'node:url';
import { asClass, asValue, createContainer, InjectionMode } from 'awilix/browser';
import type { BusEvent, Json, KeptEvent, Subscription } from '../model.ts';
import type {
  AttemptContext,
  Outcome,
  PluginCradle,
  Service,
  ServiceClass,
} from '../plugin-api/contract.ts';
import type { HandledEvent } from '../plugin-api/handled-event.ts';
import type { ServiceEntry } from './manifest.ts';

/** What a class says of itself, without being made. */
export interface EntryTraits {
  /** JSON Schema of `subscription.config`; null: any object will do. */
  configSchema: object | null;
  /** The names and patterns a handler responds to; null: it is a service. */
  respondsTo: string[] | null;
}

/** A class that was made. */
export interface Entry {
  /** The one that `load` was called on. */
  readonly instance: Service;
  call(
    subscription: Subscription,
    event: KeptEvent,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
  endpointOf(subscription: Subscription): string | null;
  dispose(): Promise<void>;
}

/**
 * Imports the module of an entry.
 *
 * @throws whatever the module throws, or TypeError when it exports no such class
 */
export async function importClass({ file, exportName }: ServiceEntry): Promise<ServiceClass> {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const exported = module[exportName];
  if (typeof exported !== 'function')
    throw new TypeError(`${file} exports no class as ${exportName}`);
  return exported as ServiceClass;
}

/** @throws TypeError when the class is neither a service nor a handler, or both */
export function traitsOf(type: ServiceClass): EntryTraits {
  const {
    configSchema = null,
    respondsTo,
    prototype,
  } = type as Omit<ServiceClass, 'configSchema'> & {
    configSchema?: unknown;
    prototype: Partial<Service>;
  };
  if (typeof configSchema !== 'object')
    throw new TypeError(`\`configSchema\` has to be a JSON Schema, not a ${typeof configSchema}`);
  if (respondsTo === undefined) return { configSchema, respondsTo: null };
  const names: unknown[] = typeof respondsTo === 'string' ? [respondsTo] : [...respondsTo];
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== ''))
    throw new TypeError('`respondsTo` has to be the name of an event, or a list of names');
  if (typeof prototype.compute !== 'function')
    throw new TypeError('the class has `respondsTo` and no method `compute`');
  return { configSchema, respondsTo: names as string[] };
}

/** Makes the class and calls its `load`. Rejects as those do. */
export async function makeEntry(type: ServiceClass, cradle: PluginCradle): Promise<Entry> {
  const { respondsTo } = traitsOf(type);
  const container = createContainer<PluginCradle & { instance: Service }>({
    injectionMode: InjectionMode.PROXY,
    strict: true,
  });
  for (const key of Object.keys(cradle) as (keyof PluginCradle)[])
    container.register(
      key,
      // Asked for by name, and made when it is: some parts cost megabytes.
      asLazy(() => cradle[key]),
    );
  container.register('instance', asClass(type).transient());
  const instance = container.resolve<Service>('instance');
  if (respondsTo === null && typeof instance.callback !== 'function')
    throw new TypeError('the class has no method `callback`');
  await instance.load?.(container.cradle);
  const call: Entry['call'] =
    respondsTo === null
      ? (subscription, event, context) => instance.callback?.(subscription, event, context)
      : (_subscription, event, context) =>
          respond(container.resolve<Service>('instance'), event, context);
  return {
    instance,
    call,
    endpointOf: (subscription) => endpointOf(instance, subscription),
    dispose: async () => {
      await instance.dispose?.();
    },
  };
}

/** A config that the service cannot make sense of is told by the attempt: here it has no endpoint that is known. */
function endpointOf(instance: Service, subscription: Subscription): string | null {
  try {
    const name: unknown = instance.endpointOf?.(subscription);
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

const asLazy = (read: () => unknown) =>
  Object.assign(asValue(undefined), { resolve: () => read() as never });

/** One instance for one attempt: it may keep the event in itself. */
async function respond(
  handler: Service,
  event: KeptEvent,
  context: AttemptContext,
): Promise<Outcome> {
  const handled = handledEvent(event, handler);
  Object.assign(handler, { event: handled, target: handled.target.id, log: context.log });
  if ((await handler.accept?.(handled)) === false) return { accepted: false };
  return handler.compute?.(handled, context);
}

/** The event with what handlers want to know of it. */
function handledEvent(event: KeptEvent, handler: Service): HandledEvent {
  const { data, headers } = event;
  const userUuids = Object.keys(headers)
    .filter((key) => key.startsWith('user_uuid:') && headers[key] === true)
    .map((key) => key.slice('user_uuid:'.length));
  const tenantUuid = headers['tenant_uuid'];
  const id = idIn(data, 'uuid') ?? idIn(data, 'id') ?? handler.targetOf?.(data) ?? null;
  return Object.assign({}, event satisfies BusEvent, {
    target: { id },
    actor: {
      id: idIn(data, 'user_uuid') ?? (userUuids.length === 1 ? (userUuids[0] ?? null) : null),
    },
    context: { tenantUuid: typeof tenantUuid === 'string' ? tenantUuid : null, userUuids },
  });
}

function idIn(data: Json, key: string): string | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
