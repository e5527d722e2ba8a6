/** `npm run format`: writes every file as the formatter would have it. */
import { ensurePackages, main, runTool } from './bootstrap.mjs';

await main(async () => {
  await ensurePackages();
  return runTool('prettier/bin/prettier.cjs', ['--write', '--log-level=warn', '.']);
});
