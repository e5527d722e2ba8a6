/**
 * Everything that can go wrong, at full size. Fails when a delivery is missing, nothing explains a repeat, or the
 * daemon ended by itself.
 *
 *     npm run chaos [-- --scenario NAME ...] [--seed N] [--events N] [--small] [--naive] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Broker, startBroker } from '../support/broker.ts';
import { machine } from '../support/machine.ts';
import { seededRandom } from './random.ts';
import type { ChaosReport, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

interface Row extends Partial<ChaosReport> {
  scenario: string;
  result: 'kept' | 'BROKEN' | 'measured';
  seconds: number;
  error?: string;
}

const settings = readSettings();
const startedAt = new Date().toISOString();
let broker: Broker | undefined;

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

console.log(
  `seed ${settings.seed}, ${settings.isSmall ? 'small' : 'full'} size, ${startedAt}, ${machine}, Node.js ${process.version}`,
);
const ours: Row[] = [];
const naive: Row[] = [];
try {
  for (const [name, scenario] of settings.chosen) {
    ours.push(await runOne(name, scenario, false));
    if (settings.isNaive && scenario.hasNaive === true)
      naive.push(await runOne(name, scenario, true));
  }
} finally {
  await broker?.stop();
}
show('webhookd', ours);
if (naive.length > 0) show('the loop one would write by hand (test/bench/bare-undici.ts)', naive);
if (settings.json !== undefined)
  writeFileSync(settings.json, `${JSON.stringify(results(), null, 2)}\n`);
// A scenario that broke may have left something behind that keeps this process alive.
process.exit(ours.some(({ result }) => result === 'BROKEN') ? 1 : 0);

function readSettings() {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', multiple: true, default: [] },
        seed: { type: 'string' },
        events: { type: 'string' },
        small: { type: 'boolean', default: false },
        naive: { type: 'boolean', default: false },
        json: { type: 'string' },
      },
    });
    const { scenario: names, seed, events, small: isSmall, naive: isNaive, json } = values;
    const unknown = names.find((name) => !(name in scenarios));
    if (unknown !== undefined)
      throw new TypeError(
        `there is no scenario ${unknown}; there are:\n  ${Object.keys(scenarios).join('\n  ')}`,
      );
    const chosen = Object.entries(scenarios).filter(
      ([name]) => names.length === 0 || names.includes(name),
    );
    return {
      chosen,
      isSmall,
      isNaive,
      json,
      seed: wholeNumber('seed', seed) ?? Math.floor(Math.random() * 2 ** 31),
      events: wholeNumber('events', events),
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new TypeError(`--${name}: ${text} is no whole number from 1 on`);
  return Number(text);
}

async function runOne(name: string, scenario: Scenario, isNaive: boolean): Promise<Row> {
  console.log(`\n== ${name}${isNaive ? ', the naive loop' : ''}`);
  const { isSmall, seed, events = scenario.events[isSmall ? 'small' : 'full'] } = settings;
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  try {
    broker ??= await startBroker();
    const report = await scenario.run({
      broker,
      events,
      isSmall,
      isNaive,
      random: seededRandom(seed),
      say: (line) => console.log(line),
    });
    const isKept = report.missing + report.unexplained + report.crashes === 0;
    const result = isNaive ? 'measured' : isKept ? 'kept' : 'BROKEN';
    return { scenario: name, ...report, result, seconds: seconds() };
  } catch (error) {
    console.error(error);
    // It may be stopped, or full of what was left behind: the next scenario gets another one.
    await broker?.stop();
    broker = undefined;
    const said = error instanceof Error ? error.message : String(error);
    return { scenario: name, result: 'BROKEN', seconds: seconds(), error: said };
  }
}

function show(title: string, rows: Row[]): void {
  console.log(`\n${title}; times in ms, the last column in s`);
  console.table(
    Object.fromEntries(
      rows.map(({ scenario, worstRecovery, error, ...row }) => [
        scenario,
        {
          ...row,
          worst_recovery: worstRecovery,
          ...(error === undefined ? {} : { error: error.slice(0, 60) }),
        },
      ]),
    ),
  );
}

function results() {
  const { seed, isSmall } = settings;
  return {
    date: startedAt,
    seed,
    size: isSmall ? 'small' : 'full',
    machine,
    node: process.version,
    scenarios: ours,
    naive,
  };
}
