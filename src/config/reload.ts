/** What of a changed configuration takes effect without a restart: the keys whose schema says so. */
import { isDeepStrictEqual } from 'node:util';
import { toCamelKeys } from '../naming.ts';
import { valueKeys } from './keys.ts';
import type { LoadedConfig } from './load.ts';
import { type Config, type ConfigFile, ConfigSchema } from './schema.ts';

export interface Reloaded {
  /** The running configuration with what may change. */
  config: Config;
  /** The same in the words of the files. */
  values: ConfigFile;
  /** Keys that changed and took effect, by dotted path. */
  taken: string[];
  /** Keys that changed and wait for the next start. */
  waiting: string[];
}

/** Throws nothing: both were found to be right. */
export function reloadConfig(running: ConfigFile, { values: fresh }: LoadedConfig): Reloaded {
  const values = structuredClone(running);
  const taken: string[] = [];
  const waiting: string[] = [];
  for (const { path, schema } of valueKeys()) {
    const [sections, key] = [path.slice(0, -1), path.at(-1) ?? ''];
    const target = sectionAt(values, sections);
    const value = sectionAt(fresh, sections)[key];
    if (isDeepStrictEqual(target[key], value)) continue;
    (schema.reload === true ? taken : waiting).push(path.join('.'));
    if (schema.reload === true) target[key] = value;
  }
  return { config: toCamelKeys(ConfigSchema, values), values, taken, waiting };
}

function sectionAt(values: object, path: readonly string[]): Record<string, unknown> {
  return path.reduce(
    (section, key) => section[key] as Record<string, unknown>,
    values as Record<string, unknown>,
  );
}
