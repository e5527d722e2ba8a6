/** `npm run quickstart`: from a fresh clone to a delivered webhook. */
import process from 'node:process';
import { bootstrap, ensureBrokerPackage, main } from './bootstrap.mjs';

await main(async () => {
  await bootstrap();
  const { quickstart } = await import('../build/scripts/quickstart.js');
  return quickstart({ args: process.argv.slice(2), ensureBrokerPackage });
});
