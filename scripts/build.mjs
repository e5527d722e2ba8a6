/** `npm run build`; with `--clean` from nothing, so that no output of a deleted source is packed. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { build, ensurePackages, main, root } from './bootstrap.mjs';

await main(async () => {
  await ensurePackages();
  if (process.argv.includes('--clean')) {
    for (const output of [
      'dist',
      'plugins/http/dist',
      'plugins/example/dist',
      'plugins/task-webhook/dist',
      'build',
    ]) {
      rmSync(join(root, output), { recursive: true, force: true });
    }
  }
  await build();
});
