/** Runs a compiled program that needs a private broker: `node scripts/run.mjs build/x.js [arguments]`. */
import process from 'node:process';
import { bootstrap, ensureBrokerPackage, main, run } from './bootstrap.mjs';

await main(async () => {
  await bootstrap();
  await ensureBrokerPackage();
  return run(process.execPath, process.argv.slice(2));
});
