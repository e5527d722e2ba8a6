/** `npm test`: all tests, or those whose names are given. */
import process from 'node:process';
import {
  bootstrap,
  ensureBrokerPackage,
  ensureJinja,
  ensurePostgres,
  main,
  runTool,
} from './bootstrap.mjs';

await main(async () => {
  await bootstrap();
  await ensureBrokerPackage();
  await ensureJinja();
  await ensurePostgres();
  return runTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
});
