/** `npm run chaos`: everything that can go wrong. */
import process from 'node:process';
import { bootstrap, ensureBrokerPackage, ensureFaketime, main, run } from './bootstrap.mjs';

await main(async () => {
  await bootstrap();
  await ensureBrokerPackage();
  await ensureFaketime();
  return run(process.execPath, ['build/test/chaos/main.js', ...process.argv.slice(2)]);
});
