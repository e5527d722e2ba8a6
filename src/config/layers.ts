/**
 * The layers a configuration is made of, lowest first: the main file, the extra files in the order of
 * their names, the environment, the flags. (The defaults come from the schema.)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMap, isPair, LineCounter, parse, parseDocument, type Document } from 'yaml';
import { codeOf, messageOf, UserError } from '../errors.ts';
import type { Json, JsonObject } from '../model.ts';
import { isNestedDeeper } from '../nesting.ts';
import { oneLine } from '../one-line.ts';
import { kindOf } from './explain.ts';
import { keySchema } from './keys.ts';

/** Values from one place. */
export interface Layer {
  values: JsonObject;
  /** What paths in it are relative to; where the process runs unless given. */
  folder?: string;
  /** Where the value at a path was written, for messages: `/etc/webhookd/webhookd.yml:12`. */
  locate(path: readonly string[]): string;
}

/** Reads a YAML file. Throws {@link UserError} when it cannot be read, is no YAML or is no map. */
export function fileLayer(file: string): Layer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${messageOf(error)}`, 2, { cause: error });
  }
  const lines = new LineCounter();
  const document = parseFile(text, file, lines);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new UserError(`${file}:${line}:${col}: not valid YAML: ${oneLine(error.message)}`, 2);
  }
  const values = toValues(document, file);
  return {
    values,
    folder: dirname(file),
    locate(path) {
      const offset = keyOffset(document, path);
      return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`;
    },
  };
}

/** The parser calls itself for every level of nesting. */
function parseFile(text: string, file: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false });
  } catch (error) {
    throw new UserError(`${file}: not valid YAML: ${oneLine(messageOf(error))}`, 2, {
      cause: error,
    });
  }
}

/** No key of ours is so deep; an anchor that is used within itself has no end. */
const maxLevels = 32;

function checkLevels(value: unknown): void {
  if (isNestedDeeper(value, maxLevels))
    throw new Error(`nested more than ${maxLevels} levels deep`);
}

function toValues(document: Document, file: string): JsonObject {
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 100 }) as unknown;
    checkLevels(values);
  } catch (error) {
    throw new UserError(`${file}: not valid YAML: ${oneLine(messageOf(error))}`, 2, {
      cause: error,
    });
  }
  if (values === null || values === undefined) return {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new UserError(
      `${file}: expected keys with values (\`bus:\`, \`log_level: info\`), found ${kindOf(values)}`,
      2,
    );
  }
  return values as JsonObject;
}

/** Where the last key of a path stands in the text. */
function keyOffset(document: Document, path: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (!isMap(node)) return offset;
    const pair = node.items.find((item) => isPair(item) && String(item.key) === key);
    if (pair === undefined) return offset;
    offset = (pair.key as { range?: [number, number, number] | null }).range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

/** The YAML files of a directory in the order of their names; none when there is no such directory. */
export function directoryLayers(directory: string): Layer[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new UserError(`${directory}: cannot be read: ${messageOf(error)}`, 2, { cause: error });
  }
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => fileLayer(join(directory, name)));
}

const prefix = 'WEBHOOKD__';

/** `WEBHOOKD__BUS__HOST=x` is `bus.host`. Values are YAML where the key takes anything but text. */
export function environmentLayer(environment: NodeJS.ProcessEnv): Layer {
  const values: JsonObject = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || value === undefined) continue;
    const path = variable.slice(prefix.length).toLowerCase().split('__');
    setAt(values, path, readScalar(variable, path, value));
  }
  return {
    values,
    locate: (path) => `environment variable ${prefix}${path.join('__').toUpperCase()}`,
  };
}

function readScalar(variable: string, path: string[], value: string): Json {
  if (keySchema(path)?.type === 'string') return value;
  try {
    // Pretty errors quote the value, which may be a secret.
    const parsed = parse(value, { maxAliasCount: 0, prettyErrors: false }) as Json;
    checkLevels(parsed);
    return parsed;
  } catch (error) {
    throw new UserError(
      `environment variable ${variable}: not valid YAML: ${oneLine(messageOf(error))}`,
      2,
      {
        cause: error,
      },
    );
  }
}

/** Values given on the command line by path. */
export function flagLayer(flags: Readonly<Record<string, Json | undefined>>): Layer {
  const values: JsonObject = {};
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined) setAt(values, path.split('.'), value);
  }
  return { values, locate: (path) => `the flag for ${path.join('.')}` };
}

function setAt(target: JsonObject, path: readonly string[], value: Json): void {
  let section = target;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(section, key) ? section[key] : undefined;
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) {
      section = next;
    } else {
      const made: JsonObject = {};
      define(section, key, made);
      section = made;
    }
  }
  define(section, path.at(-1) ?? '', value);
}

/** Sets an own property even when its name is `__proto__`. */
function define(target: JsonObject, key: string, value: Json): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
