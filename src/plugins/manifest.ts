/** The `webhookd` key of a plugin's package.json. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { parseDocument } from 'yaml';
import { array, boolean, maybe, object, open, record, type Static, string } from '../schema.ts';
import { messageOf } from '../errors.ts';
import { isNestedDeeper } from '../nesting.ts';
import { pluginApiVersion } from '../plugin-api/version.ts';
import { compileSchema } from '../validation.ts';
import { version as daemonVersion } from '../version.ts';

const VariableSchema = object({
  name: string({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }),
  description: maybe(string()),
  secret: boolean({ default: false }),
  required: boolean({ default: false }),
  default: maybe(string()),
  schema: maybe(open()),
});

const ManifestSchema = object({
  // As npm has it: it is part of paths.
  name: string({ maxLength: 214, pattern: '^(@[\\w.~-]+/)?(?!\\.)[\\w.~-]+$' }),
  version: maybe(string()),
  peerDependencies: maybe(record(string())),
  webhookd: object({
    services: record(string({ minLength: 1 }), {
      propertyNames: { pattern: '^(?!__proto__$)[A-Za-z0-9_.-]{1,128}$' },
      minProperties: 1,
    }),
    engines: maybe(string()),
    variables: array(VariableSchema, { default: [], maxItems: 100 }),
    events: array(string({ minLength: 1, maxLength: 128 }), { default: [], maxItems: 1000 }),
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

/** Something a plugin has to be told: an address, a key. */
export interface VariableDeclaration {
  name: string;
  description: string | null;
  /** Kept encrypted, and never shown. */
  isSecret: boolean;
  /** Without it the plugin is held: its deliveries wait. */
  isRequired: boolean;
  default: string | null;
  /** JSON Schema of the value, which is text. */
  schema: object | null;
}

/** A package that is a plugin. */
export interface PluginManifest {
  name: string;
  version: string;
  directory: string;
  entries: ServiceEntry[];
  variables: VariableDeclaration[];
  /** Events the package publishes, for the catalogue. */
  events: string[];
}

/** Longest package.json that is read, bytes: it is looked through while the daemon starts. */
const maxPackageSize = 1_048_576;

const maxLevels = 100;

/** Reads package.json of a directory; undefined when it is no plugin of ours (no file, or no `webhookd` key). */
export function readPackage(directory: string): unknown {
  const file = join(directory, 'package.json');
  const size = sizeOf(file);
  if (size === undefined) return undefined;
  if (size > maxPackageSize)
    throw new Error(`package.json has ${size} bytes, ${maxPackageSize} are allowed`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const content: unknown = JSON.parse(text);
  if (typeof content !== 'object' || content === null || !('webhookd' in content)) return undefined;
  if (isNestedDeeper(content, maxLevels))
    throw new Error(`package.json is nested more than ${maxLevels} levels deep`);
  checkUnique(text);
  return content;
}

/** In bytes; undefined for what is no file: a pipe would be waited for, a device be read without an end. */
function sizeOf(file: string): number | undefined {
  try {
    const stats = statSync(file);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

/** Of a key that is there twice JSON.parse keeps the last, without a word. JSON is YAML, whose reader tells. */
function checkUnique(text: string): void {
  const twice = parseDocument(text).errors.find(({ code }) => code === 'DUPLICATE_KEY');
  if (twice === undefined) return;
  const [key = ''] = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(twice.pos[0])) ?? [];
  const { line = 0 } = twice.linePos?.[0] ?? {};
  throw new Error(`package.json, line ${line}: ${key} is there twice`);
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
  const { name, version, peerDependencies, webhookd } = content as Static<typeof ManifestSchema>;
  checkEngines(webhookd.engines);
  checkPeer(peerDependencies?.['webhookd']);
  const root = realpathSync(directory);
  const entries = Object.entries(webhookd.services).map(([service, target]) =>
    parseEntry(root, service, target),
  );
  return {
    name,
    version: version ?? '0.0.0',
    directory: root,
    entries,
    variables: webhookd.variables.map(toDeclaration),
    events: webhookd.events,
  };
}

function toDeclaration(
  variable: Static<typeof VariableSchema>,
  place: number,
  all: readonly Static<typeof VariableSchema>[],
): VariableDeclaration {
  const { name, description, secret, required, default: standard, schema } = variable;
  if (all.findIndex((other) => other.name === name) !== place)
    throw new Error(`webhookd.variables: ${name} is declared twice`);
  return {
    name,
    description: description ?? null,
    isSecret: secret,
    isRequired: required,
    default: standard ?? null,
    schema: schema ?? null,
  };
}

function checkPeer(range: string | undefined): void {
  if (range === undefined || validRange(range) === null) return;
  if (!satisfies(daemonVersion, range, { includePrerelease: true }))
    throw new Error(
      `peerDependencies.webhookd: it wants webhookd ${range}, this is ${daemonVersion}`,
    );
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
  const checkInside = (place: string) => {
    const inside = relative(root, place);
    if (isAbsolute(path) || inside.startsWith('..') || isAbsolute(inside))
      throw new Error(`webhookd.services.${service}: ${path} is outside of the package`);
  };
  checkInside(file);
  let real: string;
  try {
    real = realpathSync(file);
  } catch (error) {
    throw new Error(`webhookd.services.${service}: ${path} cannot be found: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // A link may lead out.
  checkInside(real);
  if (!statSync(real).isFile()) throw new Error(`webhookd.services.${service}: ${path} is no file`);
  return { service, file: real, exportName };
}
