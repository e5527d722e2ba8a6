/** The `webhookd` key of a plugin's package.json. */
import { readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { maybe, object, record, type Static, string } from '../schema.ts';
import { messageOf } from '../errors.ts';
import { pluginApiVersion } from '../plugin-api/index.ts';
import { compileSchema } from '../validation.ts';

const ManifestSchema = object({
  name: string({ minLength: 1, maxLength: 214 }),
  version: maybe(string()),
  webhookd: object({
    services: record(string({ minLength: 1 }), {
      propertyNames: { pattern: '^[A-Za-z0-9_.-]{1,128}$' },
      minProperties: 1,
    }),
    engines: maybe(string()),
  }),
});

const validateManifest = compileSchema(ManifestSchema);

/** One service a package provides. */
export interface ServiceEntry {
  service: string;
  /** Absolute path of the module. */
  file: string;
  exportName: string;
}

/** A package that is a plugin. */
export interface PluginManifest {
  name: string;
  version: string;
  directory: string;
  entries: ServiceEntry[];
}

/** Reads package.json of a directory; undefined when it is no plugin of ours (no file, or no `webhookd` key). */
export function readPackage(directory: string): unknown {
  let text: string;
  try {
    text = readFileSync(join(directory, 'package.json'), 'utf8');
  } catch {
    return undefined;
  }
  const content: unknown = JSON.parse(text);
  return typeof content === 'object' && content !== null && 'webhookd' in content
    ? content
    : undefined;
}

/**
 * Checks the package.json of a plugin.
 *
 * @throws Error with the reason in words, when the plugin must not be used
 */
export function parseManifest(directory: string, content: unknown): PluginManifest {
  const errors = validateManifest(content);
  if (errors !== null) {
    const reasons = errors.map(
      ({ instancePath, message }) =>
        `${instancePath.slice(1).replaceAll('/', '.') || 'package.json'} ${message ?? 'is wrong'}`,
    );
    throw new Error(`package.json: ${reasons.join('; ')}`);
  }
  const { name, version, webhookd } = content as Static<typeof ManifestSchema>;
  checkEngines(webhookd.engines);
  const root = realpathSync(directory);
  const entries = Object.entries(webhookd.services).map(([service, target]) =>
    parseEntry(root, service, target),
  );
  return { name, version: version ?? '0.0.0', directory: root, entries };
}

function checkEngines(range: string | undefined): void {
  if (range === undefined) return;
  if (validRange(range) === null)
    throw new Error(`webhookd.engines: ${JSON.stringify(range)} is no version range`);
  if (!satisfies(pluginApiVersion, range)) {
    throw new Error(
      `webhookd.engines: it wants plugin API ${range}, this daemon has ${pluginApiVersion}`,
    );
  }
}

/** `./dist/plugin.js`, or `./dist/plugins.js#Mobile` for an export of that name. */
function parseEntry(root: string, service: string, target: string): ServiceEntry {
  const [path = '', exportName = 'default'] = target.split('#');
  const file = join(root, path);
  let real: string;
  try {
    real = realpathSync(file);
  } catch (error) {
    throw new Error(`webhookd.services.${service}: ${path} cannot be found: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const inside = relative(root, real);
  if (isAbsolute(path) || inside.startsWith('..') || isAbsolute(inside)) {
    throw new Error(`webhookd.services.${service}: ${path} is outside of the package`);
  }
  return { service, file: real, exportName };
}
