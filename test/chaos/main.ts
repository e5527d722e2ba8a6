/**
 * The crashes at full size.
 *
 *     npm run chaos [-- --scenario NAME] [--seed N] [--events N]
 */
import { parseArgs } from 'node:util';
import { startBroker } from '../support/broker.ts';
import { seededRandom } from './random.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: { scenario: { type: 'string' }, seed: { type: 'string' }, events: { type: 'string' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const chosen = Object.entries(scenarios).filter(
  ([name]) => values.scenario === undefined || name === values.scenario,
);
if (chosen.length === 0) {
  console.error(
    `there is no scenario ${values.scenario ?? ''}; there are ${Object.keys(scenarios).join(', ')}`,
  );
  process.exit(2);
}
console.log(`seed ${seed}`);
const rows: Record<string, unknown>[] = [];
for (const [name, { run, events }] of chosen) {
  const broker = await startBroker();
  try {
    console.log(`\n== ${name}`);
    const report = await run({
      broker,
      events: Number(values.events ?? events),
      random: seededRandom(seed),
      say: (line) => console.log(line),
    });
    const isKept = report.missing === 0 && report.unexplained === 0;
    rows.push({ scenario: name, ...report, result: isKept ? 'kept' : 'BROKEN' });
    if (!isKept) process.exitCode = 1;
  } finally {
    await broker.stop();
  }
}
console.table(rows);
