/** `npm test`: all tests, or those whose names are given. */
import process from 'node:process';
import {
  bootstrap,
  ensureBrokerPackage,
  ensureFaketime,
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
  await ensureFaketime();
  return runTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
});
