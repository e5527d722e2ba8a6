/** Puts the layers together, validates the whole, and says what is wrong in words. */
import { statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isLoopback } from './loopback.ts';
import { UserError } from '../errors.ts';
import type { Json, JsonObject } from '../model.ts';
import { toCamelKeys } from '../naming.ts';
import { compileSchema } from '../validation.ts';
import { explainConfigErrors } from './explain.ts';
import { keySchema, pathKeys, valueKeys } from './keys.ts';
import { directoryLayers, environmentLayer, fileLayer, flagLayer, type Layer } from './layers.ts';
import { type Config, type ConfigFile, ConfigSchema } from './schema.ts';

const defaultConfigFile = '/etc/webhookd/webhookd.yml';

/** Where to look for the configuration. */
export interface ConfigSources {
  /** The main file; without it {@link defaultConfigFile}, which need not exist. */
  file?: string | undefined;
  environment?: NodeJS.ProcessEnv | undefined;
  /** Values by dotted path, as `{ 'rest_api.port': 9300 }`. */
  flags?: Readonly<Record<string, Json | undefined>> | undefined;
}

/** A configuration that was found to be right. */
export interface LoadedConfig {
  config: Config;
  /** The same in the words of the files. */
  values: ConfigFile;
  /** Where each key's value comes from, by dotted path; `default` when nobody set it. */
  origins: Map<string, string>;
}

const validate = compileSchema(ConfigSchema);

/** Loads and checks the configuration. Throws {@link UserError} that names every mistake. */
export function loadConfig({
  file,
  environment = process.env,
  flags = {},
}: ConfigSources = {}): LoadedConfig {
  const main = file ?? environment['WEBHOOKD_CONFIG'] ?? defaultConfigFile;
  const fileLayers = main === defaultConfigFile && !mayExist(main) ? [] : [fileLayer(main)];
  const upperLayers = [environmentLayer(environment), flagLayer(flags)];
  const directory = extraDirectory([...fileLayers, ...upperLayers]);
  const layers = [...fileLayers, ...directoryLayers(directory), ...upperLayers];

  const values: JsonObject = {};
  const owners = new Map<string, Layer>();
  for (const layer of layers) merge(values, layer.values, layer, [], owners);

  const locate = (path: readonly string[]) => ownerOf(owners, path)?.locate(path);
  const errors = validate(values);
  if (errors !== null) throw new UserError(explainConfigErrors(errors, values, locate), 2);

  placePaths(values, owners);
  const checked = values as ConfigFile;
  checkMeaning(checked, locate);
  const origins = new Map<string, string>();
  for (const { path } of valueKeys()) origins.set(path.join('.'), locate(path) ?? 'default');
  return { config: toCamelKeys(ConfigSchema, checked), values: checked, origins };
}

/** A file that cannot be looked at is not one that is missing. */
function mayExist(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** The directory of extra files has to be known before those files are read. */
function extraDirectory(layers: Layer[]): string {
  const layer = layers.findLast(({ values }) => values['extra_config_files'] !== undefined);
  const named = layer?.values['extra_config_files'];
  return typeof named === 'string'
    ? placed(named, layer)
    : String(keySchema(['extra_config_files'])?.default);
}

/** A path in a file is the same from wherever a command is run. */
function placePaths(values: JsonObject, owners: ReadonlyMap<string, Layer>): void {
  for (const path of pathKeys) {
    const layer = owners.get(path.join('.'));
    const section = path.slice(0, -1).reduce((part, key) => part[key] as JsonObject, values);
    const key = path.at(-1) ?? '';
    const value = section[key];
    if (layer !== undefined && typeof value === 'string') section[key] = placed(value, layer);
  }
}

function placed(value: string, layer: Layer | undefined): string {
  const [, scheme = '', path = ''] = /^(sqlite:)?([^]*)$/.exec(value) ?? [];
  return layer?.folder === undefined || isAbsolute(path)
    ? value
    : scheme + join(resolve(layer.folder), path);
}

function merge(
  target: JsonObject,
  source: JsonObject,
  layer: Layer,
  path: string[],
  owners: Map<string, Layer>,
): void {
  for (const [key, value] of Object.entries(source)) {
    const here = [...path, key];
    const existing = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isSection(value)) {
      const section: JsonObject = isSection(existing) ? existing : {};
      Object.defineProperty(target, key, {
        value: section,
        enumerable: true,
        writable: true,
        configurable: true,
      });
      owners.set(here.join('.'), layer);
      merge(section, value, layer, here, owners);
    } else if (value === null && isSectionKey(here)) {
      // A section whose keys are all commented out.
    } else {
      Object.defineProperty(target, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
      owners.set(here.join('.'), layer);
    }
  }
}

function isSection(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSectionKey(path: string[]): boolean {
  const prefix = path.join('.') + '.';
  return (
    path.join('.') === 'enabled_services' ||
    [...valueKeys()].some((key) => key.path.join('.').startsWith(prefix))
  );
}

/** The layer that wrote a path; an item belongs to whoever wrote its list. */
function ownerOf(owners: Map<string, Layer>, path: readonly string[]): Layer | undefined {
  const own = owners.get(path.join('.'));
  const isItem = keySchema(path.slice(0, -1))?.type === 'array';
  return own ?? (isItem ? owners.get(path.slice(0, -1).join('.')) : undefined);
}

/** Rules between keys, which a schema has no words for. */
function checkMeaning(
  values: ConfigFile,
  locate: (path: readonly string[]) => string | undefined,
): void {
  const { auth, rest_api: api, bus } = values;
  const fail = (path: string[], message: string) => {
    throw new UserError(`${locate(path) ?? 'default'}: ${path.join('.')}: ${message}`, 2);
  };
  if (auth.type === 'none' && !isLoopback(api.listen)) {
    fail(
      ['auth', 'type'],
      `found none, but rest_api.listen is ${api.listen}: without authentication the API may listen on a loopback address only (127.0.0.1, ::1, localhost)`,
    );
  }
  if ((api.certificate === null) !== (api.private_key === null)) {
    fail(
      ['rest_api', api.certificate === null ? 'private_key' : 'certificate'],
      'certificate and private_key go together: set both or neither',
    );
  }
  if ((bus.tls.cert_file === null) !== (bus.tls.key_file === null)) {
    fail(
      ['bus', 'tls', bus.tls.cert_file === null ? 'key_file' : 'cert_file'],
      'cert_file and key_file go together: set both or neither',
    );
  }
  if (bus.url !== null && !isAddress(bus.url)) {
    fail(['bus', 'url'], 'not an address; expected amqp://USER:PASSWORD@HOST:PORT/VHOST');
  }
}

/** Name, password and vhost may have escapes, which have to be right. */
function isAddress(text: string): boolean {
  try {
    const { username, password, pathname } = new URL(text);
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
