/**
 * Makes the reference pages and config/webhookd.yml from the built code. With `--check` nothing is
 * written: it ends with 1 when a file is not what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../test/support/root.ts';
import { renderPages } from './docs/pages.ts';

function present(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const isCheck = process.argv.includes('--check');
const pages = Object.entries(await renderPages());
const stale = pages.filter(([path, content]) => present(join(packageRoot, path)) !== content);

if (isCheck) {
  for (const [path] of stale) console.error(`${path} is stale; refresh it with: npm run docs`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const [path, content] of stale) {
    const file = join(packageRoot, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(`wrote ${path}`);
  }
}
