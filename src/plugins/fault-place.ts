/** Where in its own files a package fails to be loaded. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';

const run = promisify(execFile);

/** Modules of a package that are looked through for an error of syntax. */
const maxModules = 100;

/** One look, ms. */
const checkTimeout = 30_000;

/**
 * What is wrong in one line, with the file and the line in the package: `src/plugin.js, line 3: x is not defined`.
 *
 * @param file the module that was imported
 * @param directory of the package
 */
export async function describeFault(
  error: unknown,
  file: string,
  directory: string,
): Promise<string> {
  const message = messageOf(error)
    .trim()
    .replace(/\s*\n\s*/g, ' ');
  const { stack = '' } = error instanceof Error ? error : {};
  const place =
    placeIn(stack, directory) ??
    placeOfMissing(message, directory) ??
    (error instanceof SyntaxError ? await placeOfSyntaxError(file, directory) : undefined);
  return place === undefined ? message : `${place}: ${message}`;
}

/** The innermost line of a stack that is in the package; undefined when none is. */
export function placeIn(stack: string, directory: string): string | undefined {
  for (const line of stack.split('\n')) {
    const [, where = '', number = ''] =
      /(?:^|\(|\s)((?:file:\/\/)?\/.*?):(\d+)(?::\d+)?\)?$/.exec(line) ?? [];
    if (where === '') continue;
    const file = relative(directory, where.startsWith('file:') ? fileURLToPath(where) : where);
    const isOwn = !file.startsWith('..') && !file.split(sep).includes('node_modules');
    if (isOwn) return `${file}, line ${number}`;
  }
  return undefined;
}

/** Of a module that is not there Node says which one imports it, and not in which line. */
function placeOfMissing(message: string, directory: string): string | undefined {
  const [, missing = '', importer = ''] =
    /^Cannot find (?:package|module) '(.+)' imported from (.+?)(?: Did you mean .*)?$/.exec(
      message,
    ) ?? [];
  if (!existsSync(importer)) return undefined;
  const isNamedIn = (line: string) =>
    /\b(?:from|import)\b/.test(line) && line.includes(basename(missing));
  const number = readFileSync(importer, 'utf8').split('\n').findIndex(isNamedIn) + 1;
  return number === 0 ? undefined : placeIn(`${importer}:${number}`, directory);
}

/**
 * Of a module that cannot be parsed Node says the line to a terminal only, and nothing in the error.
 * Here it is asked for each module in turn, and runs none of them.
 */
async function placeOfSyntaxError(entry: string, directory: string): Promise<string | undefined> {
  // It grows while it is gone through.
  const modules = new Set([entry]);
  for (const file of modules) {
    try {
      await run(process.execPath, ['--check', file], { env: {}, timeout: checkTimeout });
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string };
      const place = placeIn(stderr, directory);
      if (place !== undefined) return place;
    }
    for (const imported of importsOf(file)) if (modules.size < maxModules) modules.add(imported);
  }
  return undefined;
}

/** The package's own modules among those that a module names. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+\.[cm]?js)['"]/g)]
    .map(([, name = '']) => join(dirname(file), name))
    .filter((name) => existsSync(name));
}
