/** `npm run hostile [-- --runs N] [--seed N]`: hostile input, as much of it as one has time for. */
import { cpus, totalmem } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { bootstrap, ensureBrokerPackage, main, runTool } from './bootstrap.mjs';

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' } },
});
const runs = values.runs ?? '2000';
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));

await main(async () => {
  await bootstrap();
  await ensureBrokerPackage();
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  console.log(
    `hostile input: seed ${seed}, ${runs} runs a property, ${new Date().toISOString()}, ${machine}, Node.js ${process.version}`,
  );
  const env = { ...process.env, HOSTILE_RUNS: runs, HOSTILE_SEED: seed };
  return runTool('vitest/vitest.mjs', ['run', '--reporter=verbose', 'test/hostile'], { env });
});
