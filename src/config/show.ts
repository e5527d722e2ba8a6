/** The configuration for eyes: secrets masked, each value with its origin. */
import { valueKeys } from './keys.ts';
import type { LoadedConfig } from './load.ts';

/** One key of the configuration. */
export interface ShownKey {
  key: string;
  value: unknown;
  origin: string;
}

const mask = '********';

/** Every key with its value and where that comes from. */
export function showConfig({ values, origins }: LoadedConfig): ShownKey[] {
  return [...valueKeys()].map(({ path, schema }) => {
    const key = path.join('.');
    const value = path.reduce<unknown>(
      (section, name) => (section as Record<string, unknown>)[name],
      values,
    );
    const shown = schema.secret === true && typeof value === 'string' ? maskSecret(value) : value;
    return { key, value: shown, origin: origins.get(key) ?? 'default' };
  });
}

/** The same as nested sections, in the words of the files. */
export function configForEyes(loaded: LoadedConfig): Record<string, unknown> {
  const sections: Record<string, unknown> = {};
  for (const { key, value } of showConfig(loaded)) {
    const path = key.split('.');
    const name = path.pop() ?? '';
    const section = path.reduce<Record<string, unknown>>(
      (above, step) => (above[step] ??= {}) as Record<string, unknown>,
      sections,
    );
    section[name] = value;
  }
  return sections;
}

/** Of an address only the password is secret. */
function maskSecret(value: string): string {
  if (!URL.canParse(value)) return mask;
  const url = new URL(value);
  if (url.password !== '') url.password = mask;
  return url.href;
}
