/** Runs a plugin inside the daemon: for those that come with it, and those an administrator trusts. */
import type { Logger } from 'pino';
import { type CradleSources, makeCradle } from './cradle.ts';
import { type Entry, importClass, makeEntry, traitsOf } from './entry.ts';
import { describeFault } from './fault-place.ts';
import { variablesOf } from './host/hosted-cradle.ts';
import type { PluginManifest } from './manifest.ts';
import {
  environmentOf,
  type LoadedEntry,
  type RunningPlugin,
  shownEntries,
} from './running-plugin.ts';

export interface InlineOptions {
  manifest: PluginManifest;
  sources: CradleSources;
  variables: Record<string, string>;
  /** Takes the plugin's secrets out of a text. */
  redact: (text: string) => string;
  serverUuid: string;
  log: Logger;
  /** Services that are not even imported. */
  isDisabled: (service: string) => boolean;
}

/** Never rejects: what is wrong with an entry is said of that entry. */
export async function startInline(options: InlineOptions): Promise<RunningPlugin> {
  const { manifest, log } = options;
  let variables = options.variables;
  const made = new Map<string, { entry: Entry; end: () => Promise<void> }>();
  const entries: LoadedEntry[] = [];
  for (const place of manifest.entries) {
    const { service } = place;
    if (options.isDisabled(service)) continue;
    const { cradle, end } = makeCradle(options.sources, {
      log: log.child({ plugin: manifest.name, service }),
      secrets: variablesOf(() => variables),
      environment: environmentOf(manifest, options.serverUuid),
    });
    try {
      const type = await importClass(place);
      const traits = traitsOf(type);
      made.set(service, { entry: await makeEntry(type, cradle), end });
      entries.push({ service, traits, problem: null });
    } catch (error) {
      await end();
      const message = await describeFault(error, place.file, manifest.directory);
      const { stack = message } = error instanceof Error ? error : {};
      entries.push({ service, traits: null, problem: { message, stack } });
    }
  }
  return {
    entries: shownEntries(entries, options.redact),
    isListening: true,
    isFull: false,
    pid: null,
    endpointOf: (service, subscription) =>
      made.get(service)?.entry.endpointOf(subscription) ?? null,
    call: (service, subscription, delivery, context) => {
      const found = made.get(service);
      if (found === undefined) throw new Error(`${service} is not loaded`);
      return found.entry.call(subscription, delivery.event, context);
    },
    tell: (values) => (variables = values),
    cut: () => undefined,
    idle: () => Promise.resolve(),
    async end() {
      for (const [service, { entry, end }] of [...made].reverse()) {
        await entry.dispose().catch((error: unknown) => {
          log.error(
            { err: error, plugin: manifest.name, service },
            'a service could not be stopped',
          );
        });
        await end();
      }
    },
  };
}
