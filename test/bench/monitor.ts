/** Loaded into the measured process with `--import`: watches its event loop, and reports on SIGUSR2. */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env['BENCH_MONITOR_FILE'];
// The time between two turns includes the resolution: it is taken off when the figures are written.
const resolution = 2;
const delay = monitorEventLoopDelay({ resolution });
// What is loaded here is loaded into every thread; only one of them is watched.
if (isMainThread) delay.enable();

process.on('SIGUSR2', () => {
  const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
  if (file !== undefined)
    writeFileSync(
      file,
      JSON.stringify({
        p50: ms(delay.percentile(50)),
        p99: ms(delay.percentile(99)),
        max: ms(delay.max),
      }),
    );
  delay.reset();
});
