import type { CommandModule } from 'yargs';
import type { Json } from '../model.ts';
import type { GlobalOptions } from './options.ts';

interface RunOptions extends GlobalOptions {
  debug?: boolean | undefined;
  logLevel?: string | undefined;
}

export const runCommand: CommandModule<object, RunOptions> = {
  command: 'run',
  describe: 'Run the daemon',
  builder: (yargs) =>
    yargs
      .option('debug', { type: 'boolean', describe: 'Log at level debug' })
      .option('log-level', { type: 'string', describe: 'Log this level and those above' }),
  handler: async ({ config: file, debug, logLevel }) => {
    const { runDaemon } = await import('../daemon/process.ts');
    const flags: Record<string, Json | undefined> = { debug, log_level: logLevel };
    await runDaemon({ file, flags });
  },
};
