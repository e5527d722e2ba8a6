/** Configurations made of text, untouched by the machine the tests run on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigSources, loadConfig, type LoadedConfig } from '../../dist/config/load.js';
import type { Config } from '../../dist/config/schema.js';
import { UserError } from '../../dist/errors.js';
import { tempFolder, writeFiles } from './temp.ts';

export interface ConfigText extends Pick<ConfigSources, 'environment' | 'flags'> {
  /** The main file. */
  main?: string;
  /** Files of the directory of extra files, by name. */
  extra?: Record<string, string>;
}

/** Where {@link loadText} puts the main file and the extra files. */
export const configPlaces = (folder: string) => ({
  main: join(folder, 'webhookd.yml'),
  extra: join(folder, 'conf.d'),
});

/** Loads a configuration; to be called inside of a test. */
export function loadText(text: ConfigText = {}, folder = tempFolder()): LoadedConfig {
  const { main = '', extra = {}, environment = {}, flags } = text;
  const places = configPlaces(folder);
  writeFiles(folder, { 'webhookd.yml': main });
  writeFiles(places.extra, extra);
  return loadConfig({
    file: places.main,
    environment: { WEBHOOKD__EXTRA_CONFIG_FILES: places.extra, ...environment },
    flags,
  });
}

/** The bus's part of a configuration. */
export const busConfig = (main = ''): Config['bus'] => loadText({ main }).config.bus;

/** What is said of a configuration that is wrong, or undefined. Whatever else is thrown is a bug, and is thrown. */
export function explainConfig(
  main: string | Buffer,
  folder: string,
  use: (config: Config) => unknown = () => undefined,
): string | undefined {
  try {
    const { main: file, extra } = configPlaces(folder);
    writeFileSync(file, main);
    const environment = { WEBHOOKD__EXTRA_CONFIG_FILES: extra };
    use(loadConfig({ file, environment }).config);
    return undefined;
  } catch (error) {
    return refusalOf(error, folder);
  }
}

/** What is said of a wrong configuration, with FILE and EXTRA for the places of its files. */
export function mistakeIn(text: ConfigText): string {
  const folder = tempFolder();
  try {
    loadText(text, folder);
  } catch (error) {
    return refusalOf(error, folder);
  }
  throw new Error('the configuration was accepted');
}

function refusalOf(error: unknown, folder: string): string {
  const { main, extra } = configPlaces(folder);
  if (!(error instanceof UserError)) throw error;
  if (error.exitCode !== 2) throw new Error(`ends with ${error.exitCode}, not 2`, { cause: error });
  return error.message.replaceAll(main, 'FILE').replaceAll(extra, 'EXTRA');
}
