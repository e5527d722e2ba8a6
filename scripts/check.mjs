/** `npm run check`: everything that can be said of the code without running it. */
import { join } from 'node:path';
import process from 'node:process';
import { bootstrap, main, npm, root, run, runTool } from './bootstrap.mjs';

/** Not in the lock file: with its platform packages in it, npm ci fails. */
const knip = 'knip@6.44.2';

const checks = [
  ['format', () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.'])],
  ['lint', () => runTool('eslint/bin/eslint.js', ['--max-warnings=0', '.'])],
  [
    'imports',
    () =>
      runTool('dependency-cruiser/bin/dependency-cruise.mjs', [
        'src',
        'plugins',
        '--output-type=err',
      ]),
  ],
  ['unused code', () => npm('exec', '--yes', '--loglevel=error', '--', knip)],
  [
    'generated pages',
    () => run(process.execPath, [join(root, 'build/scripts/generate-docs.js'), '--check']),
  ],
  ['package', () => run(process.execPath, [join(root, 'scripts/lint-package.mjs')])],
];

await main(async () => {
  // The build is the check of the types.
  await bootstrap();
  const failed = [];
  for (const [name, check] of checks) {
    console.log(`» ${name}`);
    if ((await check()) !== 0) failed.push(name);
  }
  if (failed.length === 0) console.log('» all checks passed');
  else console.error(`» failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
