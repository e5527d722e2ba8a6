#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=16 --heap-growing-percent=150 --no-parallel-scavenge --disable-warning=ExperimentalWarning
import { hideBin } from 'yargs/helpers';
import { runCli } from './cli.ts';

process.exitCode = await runCli(hideBin(process.argv));
