/**
 * The soak: 300 events a second to 200 subscriptions, of which 20 point at endpoints that fail, a plugin
 * reloaded every minute, the broker restarted every five; does anything grow, does anything go missing?
 *
 *     npm run soak [-- --minutes N] [--seed N] [--out FOLDER] [--json FILE]
 *
 * Ctrl-C ends it early, with what was seen so far; the second one at once.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '../chaos/random.ts';
import { machine } from '../support/machine.ts';
import { packageRoot } from '../support/root.ts';
import { planDisturbances } from './disturbances.ts';
import { describeTrend, judge, plotOf, type Soaked, trendIn, warmUpOf } from './report.ts';
import { type Sample, takeSample, toCsv } from './samples.ts';
import type { SinkCheck } from './sink.ts';
import { onStage, type Stage } from './stage.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    out: { type: 'string', default: join(packageRoot, 'build', 'soak') },
    json: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes >= 3) || !Number.isInteger(seed)) {
  console.error('--minutes has to be 3 or more, and --seed an integer');
  process.exit(2);
}

/** Between two samples, ms. */
const interval = 5_000;

/** So long (ms) nothing arrives any more, and what is missing then is missing: a busy machine may take its time. */
const patience = 120_000;

const interrupted = new AbortController();

/** Samples and disturbs until the time is over, somebody interrupts, or the daemon ends. */
async function watch(stage: Stage, soaked: Soaked, random: () => number): Promise<void> {
  const { daemon, disturber, sampled } = stage;
  await sampled.publisher.ask('start');
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const planned = planDisturbances(minutes, random);
  let disturbing = Promise.resolve();
  const isOver = () => interrupted.signal.aborted || daemon.hasEnded || elapsed() >= minutes * 60;
  while (!isOver()) {
    for (const { at, kind } of planned.splice(
      0,
      planned.filter(({ at }) => at * 60 <= elapsed()).length,
    )) {
      disturbing = disturbing
        .then(() => {
          soaked.marks.push({ at: elapsed() / 60, kind });
          return disturber.disturb(kind);
        })
        .catch(
          (error: unknown) =>
            void soaked.problems.push(`${kind} at ${at.toFixed(1)} min: ${String(error)}`),
        );
    }
    const sample = await takeSample(elapsed(), sampled).catch((error: unknown) => {
      if (!daemon.hasEnded) throw error;
    });
    if (sample === undefined) break;
    soaked.samples.push(sample);
    if (soaked.samples.length % 12 === 0) say(sample);
    const pause = Math.max(0, soaked.samples.length * interval - elapsed() * 1000);
    await sleep(pause, undefined, { signal: interrupted.signal }).catch(() => undefined);
  }
  await disturbing;
}

function say(sample: Sample): void {
  console.log(
    `${(sample.seconds / 60).toFixed(0)} min: ${sample.published} published, ${sample.arrived} arrived, ` +
      `p99 ${sample.latency_p99_ms} ms, ${sample.rss_mib} MiB, ${sample.file_descriptors} descriptors, ` +
      `loop p99 ${sample.loop_delay_p99_ms} ms, backlog ${sample.backlog}`,
  );
}

/** All that was published has to arrive. */
async function settle({ daemon, sampled, wanted }: Stage, soaked: Soaked): Promise<void> {
  soaked.published = (await sampled.publisher.ask<{ published: number }>('stop')).published;
  let least = Infinity;
  let progressAt = performance.now();
  do {
    soaked.check = await sampled.sink.ask<SinkCheck>({ published: soaked.published, wanted });
    const { missing } = soaked.check;
    if (missing < least) [least, progressAt] = [missing, performance.now()];
    await sleep(500);
  } while (least > 0 && !daemon.hasEnded && performance.now() - progressAt < patience);
}

/** A SIGTERM at the end, with endpoints that never answer in flight. */
async function end({ daemon, logFile }: Stage, soaked: Soaked): Promise<void> {
  const hadEnded = daemon.hasEnded;
  const began = performance.now();
  const status = await (hadEnded ? daemon.ended() : daemon.stop()).catch(() => 'nothing');
  const seconds = (performance.now() - began) / 1000;
  if (hadEnded) soaked.problems.push(`the daemon ended by itself with ${status}`);
  else if (status !== 0) soaked.problems.push(`SIGTERM ended the daemon with ${status}`);
  else if (seconds > 15) soaked.problems.push(`the daemon took ${seconds.toFixed(1)} s to end`);
  if (soaked.problems.length > 0)
    console.error(`${readFileSync(logFile, 'utf8').slice(-5_000)}\n${daemon.output.slice(-5_000)}`);
}

function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(130);
  console.log('interrupted: this is what was seen so far; once more to end at once');
  interrupted.abort();
}

async function soak(): Promise<Soaked> {
  const random = seededRandom(seed);
  const check = { expected: 0, missing: 0, repeated: 0, examples: [] };
  const soaked: Soaked = { samples: [], marks: [], check, published: 0, problems: [] };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  await onStage(random, async (stage) => {
    const now = new Date().toISOString();
    console.log(`${minutes} minutes, seed ${seed}, ${now}, ${machine}, Node.js ${process.version}`);
    await watch(stage, soaked, random);
    await settle(stage, soaked);
    await end(stage, soaked);
  });
  return soaked;
}

const soaked = await soak();
const result = {
  date: new Date().toISOString(),
  seed,
  minutes: Number(((soaked.samples.at(-1)?.seconds ?? 0) / 60).toFixed(1)),
  node: process.version,
  machine,
  published: soaked.published,
  ...soaked.check,
  disturbances: soaked.marks.length,
  problems: soaked.problems,
  warmUpMinutes: warmUpOf(soaked.samples),
  memory: trendIn(soaked.samples, 'rss_mib') ?? null,
  fileDescriptors: trendIn(soaked.samples, 'file_descriptors') ?? null,
  verdicts: judge(soaked),
};
mkdirSync(values.out, { recursive: true });
const title = `${result.date}, seed ${seed}, ${result.machine}: ${result.published} events, ${result.missing} of ${result.expected} deliveries missing`;
writeFileSync(join(values.out, 'soak.csv'), toCsv(soaked.samples, soaked.marks));
writeFileSync(join(values.out, 'soak.svg'), plotOf(soaked, title));
writeFileSync(values.json ?? join(values.out, 'soak.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(
  `${result.published} events published, ${result.expected} deliveries expected, ${result.missing} missing, ${result.repeated} repeated`,
);
for (const example of soaked.check.examples) console.log(`missing: subscription ${example}`);
for (const problem of soaked.problems) console.log(`problem: ${problem}`);
if (result.memory !== null) console.log(`memory: ${describeTrend(result.memory, 'MiB')}`);
if (result.fileDescriptors !== null)
  console.log(`file descriptors: ${describeTrend(result.fileDescriptors, '')}`);
console.table(result.verdicts);
console.log(`samples and plot are in ${values.out}`);
if (interrupted.signal.aborted) process.exitCode = 130;
if (result.verdicts.some(({ isKept }) => !isKept)) process.exitCode = 1;
