/** What is shown of a plugin. */
import type { ManagedPlugin, PluginCondition } from './managed-plugin.ts';
import type { VariableState, Vault } from './vault.ts';

export interface PluginView {
  name: string;
  version: string;
  directory: string;
  state: PluginCondition;
  reason: string | null;
  isBundled: boolean;
  isInline: boolean;
  /** Of its process, while that runs. */
  pid: number | null;
  entries: { service: string; respondsTo: string[] | null; problem: string | null }[];
  variables: VariableState[];
  /** Required variables without a value. */
  missing: string[];
}

export function conditionOf(
  { isEnabled, reason, manifest, isResting }: ManagedPlugin,
  vault: Vault,
): PluginCondition {
  if (!isEnabled) return 'disabled';
  if (reason !== null) return 'failed';
  if (vault.missing(manifest).length > 0) return 'held';
  return isResting ? 'restarting' : 'loaded';
}

/** @param enabledServices `enabled_services` of the configuration */
export function viewOf(
  plugin: ManagedPlugin,
  vault: Vault,
  enabledServices: Readonly<Record<string, boolean>>,
): PluginView {
  const { manifest, isBundled, isInline, running, entries } = plugin;
  const missing = vault.missing(manifest);
  const state = conditionOf(plugin, vault);
  return {
    name: manifest.name,
    version: manifest.version,
    directory: manifest.directory,
    state,
    reason: plugin.reason ?? (state === 'held' ? `not set: ${missing.join(', ')}` : null),
    isBundled,
    isInline,
    pid: running?.pid ?? null,
    entries: manifest.entries.map(({ service }) => {
      const entry = entries.find((one) => one.service === service);
      return {
        service,
        respondsTo: entry?.traits?.respondsTo ?? null,
        problem:
          enabledServices[service] === false
            ? `enabled_services.${service} is false`
            : (entry?.problem?.message ?? null),
      };
    }),
    variables: vault.list(manifest),
    missing,
  };
}
