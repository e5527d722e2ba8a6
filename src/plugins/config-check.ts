/** What plugins say of the config of their subscriptions. */
import { messageOf } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import type { Problem } from '../subscriptions/service.ts';
import { compileForeignSchema, compileSchema } from '../validation.ts';
import type { LoadedEntry } from './running-plugin.ts';

/** @throws Error when the schema is none */
export function configChecker(
  schema: object,
  isBundled: boolean,
): (config: JsonObject) => Problem[] {
  const validate = (isBundled ? compileSchema : compileForeignSchema)(schema);
  return (config) => problemsFrom(validate(config) ?? [], 'config');
}

/** An entry whose schema is none has a problem. */
export function checkedEntries(
  entries: readonly LoadedEntry[],
  isBundled: boolean,
): readonly LoadedEntry[] {
  return entries.map((entry) => {
    if (entry.traits === null) return entry;
    try {
      const { configSchema } = entry.traits;
      if (configSchema !== null) configChecker(configSchema, isBundled);
      return entry;
    } catch (error) {
      const message = `configSchema: ${messageOf(error)}`;
      return { ...entry, traits: null, problem: { message, stack: message } };
    }
  });
}
