#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --no-parallel-scavenge
import { hideBin } from 'yargs/helpers';
import { runCli } from './cli.ts';

process.exitCode = await runCli(hideBin(process.argv));
