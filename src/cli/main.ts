#!/usr/bin/env -S node --max-semi-space-size=4 --optimize-for-size
import { hideBin } from 'yargs/helpers';
import { runCli } from './cli.ts';

process.exitCode = await runCli(hideBin(process.argv));
