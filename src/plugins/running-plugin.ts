/** A version of a plugin that runs, wherever it does. */
import type { Delivery, Json, Subscription } from '../model.ts';
import type { AttemptContext, Outcome } from '../plugin-api/contract.ts';
import { pluginApiVersion } from '../plugin-api/version.ts';
import type { Environment } from '../plugin-api/handled-event.ts';
import type { EntryTraits } from './entry.ts';
import type { PluginManifest } from './manifest.ts';

/** What became of an entry of the package. */
export interface LoadedEntry {
  service: string;
  /** null when nothing is known of it. */
  traits: EntryTraits | null;
  /** Why it cannot be used. */
  problem: { message: string; stack: string } | null;
}

export interface RunningPlugin {
  readonly entries: readonly LoadedEntry[];
  /** Whether it asked for events or the like while it was loaded, and so has to run all the time. */
  readonly isListening: boolean;
  /** Whether it can take no further call at present. */
  readonly isFull: boolean;
  /** Where the deliveries of a subscription go; null when that is not known. */
  endpointOf(service: string, subscription: Subscription): string | null;
  /** Of the process it runs in; null inside the daemon. */
  readonly pid: number | null;
  call(
    service: string,
    subscription: Subscription,
    delivery: Delivery,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
  /** The variables were changed. */
  tell(variables: Record<string, string>): void;
  /** The daemon waits no longer for calls in flight. */
  cut(): void;
  /** Resolves when no call is in flight. */
  idle(): Promise<void>;
  /** Lets go of everything. Never rejects. */
  end(): Promise<void>;
}

export const environmentOf = (
  { name, version }: Pick<PluginManifest, 'name' | 'version'>,
  serverUuid: string,
): Environment =>
  Object.freeze({ serverUuid, plugin: name, version, apiVersion: pluginApiVersion });

/** What is wrong with an entry is shown to people: the plugin's secrets are taken out of it. */
export const shownEntries = (
  entries: readonly LoadedEntry[],
  redact: (text: string) => string,
): LoadedEntry[] =>
  entries.map((entry) => {
    if (entry.problem === null) return entry;
    const { message, stack } = entry.problem;
    return { ...entry, problem: { message: redact(message), stack: redact(stack) } };
  });

/** Adds what somebody says to a status. */
export function addTo(status: Record<string, Json>, said: Record<string, Json>): void {
  for (const [key, value] of Object.entries(said)) status[key] = value;
}
