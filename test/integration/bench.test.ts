/** The parts of the benchmark that look into the daemon still know it: whatever they measure, they measure something. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.ts';
import { tempFolder } from '../support/temp.ts';

/** Generous: machines are slow at times. */
const timeout = 400_000;

test(
  'start, store and matching are measured',
  async () => {
    const file = join(tempFolder(), 'results.json');
    const bench = join(packageRoot, 'build', 'test', 'bench', 'main.js');
    const parts = ['--only', 'startup,matching,store', '--json', file];
    await once(spawn(process.execPath, [bench, ...parts], { stdio: 'ignore' }), 'exit');
    // Whether the promises are kept is not asked here: the machine may be too busy.
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      startup: [{ subscriptions: 10_000, readyAfterMs: expect.any(Number) as number }],
      matching: [{}, {}, { subscriptions: 100_000 }],
      store: [{ store: 'main thread' }, { store: 'own thread' }],
    });
  },
  timeout,
);
