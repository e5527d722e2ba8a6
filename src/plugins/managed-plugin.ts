/** What the manager knows of one package. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff } from '../backoff.ts';
import type { EntryTraits } from './entry.ts';
import type { PluginManifest } from './manifest.ts';
import type { LoadedEntry, RunningPlugin } from './running-plugin.ts';

/**
 * - `loaded`: its deliveries are attempted;
 * - `held`: a required variable is missing; `disabled`: by an administrator, or after too many crashes;
 *   `restarting`: it crashed and begins anew; in all three its deliveries wait;
 * - `failed`: it could not be loaded.
 */
export type PluginCondition = 'loaded' | 'held' | 'disabled' | 'restarting' | 'failed';

/** Crashes within this time count together, ms. */
const crashWindow = 10 * 60_000;

/** After so many crashes within that time a plugin is disabled. */
const maxCrashes = 5;

/** The reason when no crash is. */
export const byAdministrator = 'disabled by an administrator';

/** What classes said of themselves, kept so that the next start need not run the plugin to know. */
interface KeptTraits {
  /** Tells the installed package from another; null: it has a problem, and the next start tries it. */
  stamp: string | null;
  isListening: boolean;
  entries: { service: string; traits: EntryTraits }[];
}

export class ManagedPlugin {
  running: RunningPlugin | undefined;
  /** While it starts. */
  starting: Promise<RunningPlugin> | undefined;
  entries: readonly LoadedEntry[] = [];
  /** Whether it has to run although nothing is to be delivered. */
  isListening = true;
  isEnabled = true;
  /** It crashed, and is not started before the pause is over. */
  isResting = false;
  /** Why it is disabled, or could not be loaded. */
  reason: string | null = null;
  /** How often a version of it was loaded. */
  loads = 0;
  readonly backoff = new Backoff(500, 30_000);
  #crashes: number[] = [];

  constructor(
    public manifest: PluginManifest,
    readonly isBundled: boolean,
    /** Inside the daemon. */
    readonly isInline: boolean,
  ) {}

  get name(): string {
    return this.manifest.name;
  }

  /** Whether too many crashes came together. */
  crashed(now: number): boolean {
    this.#crashes = [...this.#crashes.filter((time) => now - time < crashWindow), now];
    return this.#crashes.length >= maxCrashes;
  }

  forgive(): void {
    this.#crashes = [];
    this.backoff.reset();
    this.isResting = false;
  }

  /** The package is another one; what is known of the plugin stays. */
  takeVersion(manifest: PluginManifest): void {
    this.manifest = manifest;
    // An administrator's word holds for the next version too; a crash is the former one's.
    if (this.reason === byAdministrator) return;
    this.isEnabled = true;
    this.reason = null;
    this.forgive();
  }

  /** What it was known to handle waits while an entry has a problem: of that entry the former traits hold. */
  takeEntries(entries: readonly LoadedEntry[]): void {
    const former = new Map(this.entries.map(({ service, traits }) => [service, traits]));
    this.entries = entries.map((entry) =>
      entry.problem === null ? entry : { ...entry, traits: former.get(entry.service) ?? null },
    );
  }

  keptTraits(): string {
    const kept: KeptTraits = {
      stamp: this.entries.every(({ problem }) => problem === null) ? stampOf(this.manifest) : null,
      isListening: this.isListening,
      entries: this.entries.flatMap(({ service, traits }) =>
        traits === null ? [] : [{ service, traits }],
      ),
    };
    return JSON.stringify(kept);
  }

  /**
   * Takes up what was kept of an earlier run, of services that are there and wanted.
   *
   * @param isDisabled whether the configuration says that a service is not wanted
   * @returns whether that holds for the package as it is installed now, and it need not run to be known
   */
  recall(text: string | null, isDisabled: (service: string) => boolean): boolean {
    if (text === null) return false;
    const { stamp, isListening, entries } = JSON.parse(text) as KeptTraits;
    const installed = new Set(this.manifest.entries.map(({ service }) => service));
    this.entries = entries
      .filter(({ service }) => installed.has(service) && !isDisabled(service))
      .map((entry) => ({ ...entry, problem: null }));
    this.isListening = isListening;
    const services = new Set(entries.map(({ service }) => service));
    return (
      stamp === stampOf(this.manifest) &&
      this.manifest.entries.every(({ service }) => services.has(service))
    );
  }
}

/** What is known of a plugin's classes from an earlier run. */
export const keptEntries = (text: string | null): KeptTraits['entries'] =>
  text === null ? [] : (JSON.parse(text) as KeptTraits).entries;

/** Changes with what is installed: npm writes package.json anew. */
function stampOf({ directory, version, entries }: PluginManifest): string {
  const times = [join(directory, 'package.json'), ...entries.map(({ file }) => file)].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return [directory, version, ...times].join(' ');
}
