import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(directory: string): string {
  return existsSync(join(directory, 'package-lock.json'))
    ? directory
    : findRoot(dirname(directory));
}

/** The project's folder, whether this file runs as it is or compiled. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The command as a user runs it. */
export const cliFile = join(packageRoot, 'dist', 'cli', 'main.js');
