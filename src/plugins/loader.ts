/** Loads services into the daemon. A plugin that fails is a fact on its record, never the end of the start. */
import { lstatSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asClass, asValue, createContainer, InjectionMode } from 'awilix/browser';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { Delivery, JsonObject, Subscription } from '../model.ts';
import type { AttemptContext, PluginCradle, Service, ServiceClass } from '../plugin-api/index.ts';
import type { Problem } from '../subscriptions/service.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import { compileForeignSchema, compileSchema } from '../validation.ts';
import { discoverPlugins, type FoundPlugin, packageRoot } from './discovery.ts';
import type { PluginManifest, ServiceEntry } from './manifest.ts';
import type { LoadedService, PluginRegistry } from './registry.ts';

export interface LoaderOptions {
  registry: PluginRegistry;
  /** `plugins.directory` */
  directory: string;
  /** Where the plugins that come with the daemon are; other places are for tests. */
  bundledDirectory?: string;
  /** A service named here with `false` is not loaded. */
  enabledServices: Readonly<Record<string, boolean>>;
  /** Makes what a plugin may use: a new one for each service. */
  makeCradle: (plugin: {
    name: string;
    service: string;
    isBundled: boolean;
  }) => Promise<PluginCradle>;
  log: Logger;
}

/** Loads every plugin there is. Never rejects. */
export async function loadPlugins(options: LoaderOptions): Promise<void> {
  const found = discoverPlugins(options.directory, options.bundledDirectory);
  if (found.some(({ isBundled }) => !isBundled)) linkPluginApi(options);
  for (const plugin of found) await loadPlugin(plugin, options);
}

async function loadPlugin(
  { directory, isBundled, manifest }: FoundPlugin,
  options: LoaderOptions,
): Promise<void> {
  const { registry, log } = options;
  if (manifest instanceof Error) {
    registry.record({
      plugin: directory,
      version: null,
      directory,
      service: null,
      state: 'failed',
      reason: manifest.message,
    });
    log.error({ directory }, `plugin skipped: ${manifest.message}`);
    return;
  }
  const { name: plugin, version } = manifest;
  for (const entry of manifest.entries) {
    const record = { plugin, version, directory, service: entry.service };
    if (options.enabledServices[entry.service] === false) {
      registry.record({
        ...record,
        state: 'disabled',
        reason: `enabled_services.${entry.service} is false`,
      });
      log.info({ plugin, service: entry.service }, 'service disabled by the configuration');
      continue;
    }
    try {
      registry.add(await loadService(entry, manifest, isBundled, options));
      registry.record({ ...record, state: 'loaded', reason: null });
      log.info({ plugin, version, service: entry.service }, 'service loaded');
    } catch (error) {
      registry.record({ ...record, state: 'failed', reason: messageOf(error) });
      log.error(
        { plugin, version, service: entry.service, err: error },
        `service skipped: ${messageOf(error)}`,
      );
    }
  }
}

async function loadService(
  entry: ServiceEntry,
  manifest: PluginManifest,
  isBundled: boolean,
  options: LoaderOptions,
): Promise<LoadedService> {
  if (options.registry.find(entry.service) !== undefined) {
    throw new Error(`another plugin already provides the service ${entry.service}`);
  }
  const ServiceType = await importClass(entry);
  const checkConfig =
    ServiceType.configSchema === undefined
      ? undefined
      : compileConfigCheck(ServiceType.configSchema, isBundled);
  const cradle = await options.makeCradle({
    name: manifest.name,
    service: entry.service,
    isBundled,
  });

  const container = createContainer<PluginCradle & { service: Service }>({
    injectionMode: InjectionMode.PROXY,
    strict: true,
  });
  for (const key of Object.keys(cradle) as (keyof PluginCradle)[])
    container.register(key, asValue(cradle[key]));
  container.register('service', asClass(ServiceType).singleton());
  const service = container.resolve<Service>('service');
  if (typeof service.callback !== 'function')
    throw new TypeError('the class has no method `callback`');
  await service.load?.(container.cradle);

  return {
    name: entry.service,
    log: cradle.log,
    checkConfig,
    call: (subscription: Subscription, delivery: Delivery, context: AttemptContext) =>
      service.callback(subscription, delivery.event, context),
    dispose: async () => {
      await service.dispose?.();
    },
  };
}

async function importClass({ file, exportName }: ServiceEntry): Promise<ServiceClass> {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const exported = module[exportName];
  if (typeof exported !== 'function') {
    throw new TypeError(`${file} exports no class as ${exportName}`);
  }
  return exported as ServiceClass;
}

function compileConfigCheck(schema: object, isBundled: boolean): (config: JsonObject) => Problem[] {
  const validate = (isBundled ? compileSchema : compileForeignSchema)(schema);
  return (config) => problemsFrom(validate(config) ?? [], 'config');
}

/** Plugins import `webhookd/plugin`: in the folder they are installed in, that has to be this very daemon. */
function linkPluginApi({ directory, log }: LoaderOptions): void {
  const link = join(directory, 'node_modules', 'webhookd');
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync(packageRoot, link, 'dir');
  } catch (error) {
    log.warn(
      `plugins may fail to import webhookd/plugin: ${link} cannot be made: ${messageOf(error)}`,
    );
  }
}
