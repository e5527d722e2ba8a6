/**
 * The benchmark: publisher, endpoint and consumer as processes of their own on loopback, side by side in
 * one run.
 *
 *     npm run bench [-- --only throughput,latency,memory,startup,matching,store,templates,plugins] [--rounds N] [--events N] [--json FILE]
 *     npm run bench -- --only fairness [--seconds N]
 *     npm run bench -- --only retention [--seconds N]
 *
 * The last two are measured only when they are asked for: fairness takes 20 minutes (N seconds, 600 unless
 * given, with trouble and as long without), retention six (N is 360).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startBroker, type Broker } from '../support/broker.ts';
import { machine } from '../support/machine.ts';
import { fairness } from './fairness.ts';
import { latency } from './latency.ts';
import { matching } from './matching.ts';
import { memory } from './memory.ts';
import { plugins } from './plugins.ts';
import { Child } from './processes.ts';
import { retention } from './retention.ts';
import { startup } from './startup.ts';
import { storeThread } from './store-thread.ts';
import { templates } from './templates.ts';
import { throughput } from './throughput.ts';
import { verdicts } from './verdicts.ts';

/** What the parts of the benchmark share. */
export interface Bench {
  broker: Broker;
  /** The endpoint's address. */
  target: string;
  sink: Child;
  publisher: Child;
  say: (line: string) => void;
}

const { values } = parseArgs({
  options: {
    only: {
      type: 'string',
      default: 'throughput,latency,memory,startup,matching,store,templates,plugins',
    },
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '20000' },
    seconds: { type: 'string' },
    json: { type: 'string' },
  },
});
const parts = new Set(values.only.split(','));
const rounds = Number(values.rounds);
const say = (line: string) => console.log(line);

const broker = await startBroker();
const { child: sink, hello } = await Child.start('sink', []);
const { child: publisher } = await Child.start('publisher', [broker.url]);
const bench: Bench = {
  broker,
  target: `http://127.0.0.1:${(hello as { port: number }).port}/hook`,
  sink,
  publisher,
  say,
};
const results: Record<string, unknown> = {
  date: new Date().toISOString(),
  node: process.version,
  machine,
};
try {
  const run = async (part: string, measure: () => Promise<unknown>) => {
    if (!parts.has(part)) return;
    say(`\n== ${part}`);
    const rows = await measure();
    results[part] = rows;
    console.table(rows);
  };
  await run('throughput', () => throughput(bench, { rounds, events: Number(values.events) }));
  await run('latency', () =>
    latency(bench, { rounds, rates: [100, 1_000], seconds: Number(values.seconds ?? 5) }),
  );
  await run('memory', () => memory(bench));
  await run('startup', () => startup(bench));
  await run('matching', () => Promise.resolve(matching()));
  await run('store', () => storeThread());
  await run('templates', () => Promise.resolve(templates()));
  await run('plugins', () => plugins(bench));
  await run('fairness', () => fairness(bench, Number(values.seconds ?? 600)));
  await run('retention', () => retention(Number(values.seconds ?? 360), say));
  const checks = verdicts(results);
  if (checks.length > 0) console.table(checks);
  results['verdicts'] = checks;
  if (checks.some(({ isKept }) => !isKept)) process.exitCode = 1;
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  else console.log(JSON.stringify(results));
} finally {
  await sink.stop();
  await publisher.stop();
  await broker.stop();
}
