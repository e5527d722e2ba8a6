/** `webhookd run`. What it imports stays in the daemon's memory for months: no yargs, which only a terminal needs. */
import { parseArgs } from 'node:util';
import type { CommandModule } from 'yargs';
import type { Json } from '../model.ts';
import { configOption, type GlobalOptions } from './options.ts';

interface RunOptions extends GlobalOptions {
  debug?: boolean | undefined;
  'log-level'?: string | undefined;
}

const runOptions = {
  debug: { type: 'boolean', describe: 'Log at level debug' },
  'log-level': { type: 'string', describe: 'Log this level and those above' },
} as const;

export const runCommand: CommandModule<object, RunOptions> = {
  command: 'run',
  describe: 'Run the daemon',
  builder: (yargs) => yargs.options(runOptions),
  handler: run,
};

/** Runs the daemon until it is told to stop. */
export async function run({ config: file, debug, 'log-level': level }: RunOptions): Promise<void> {
  const { runDaemon } = await import('../daemon/process.ts');
  const flags: Record<string, Json | undefined> = { debug, log_level: level };
  await runDaemon({ file, flags });
}

/**
 * The options of a plain `run`, read without yargs.
 *
 * @returns undefined when yargs has to read them: another command, help, a mistake to be explained, a rare spelling
 */
export function plainRun(args: string[]): RunOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { config: configOption, ...runOptions },
      allowPositionals: true,
    });
    const isPlain = positionals.join(' ') === 'run' && !values.config?.startsWith('=');
    return isPlain ? values : undefined;
  } catch {
    return undefined;
  }
}
