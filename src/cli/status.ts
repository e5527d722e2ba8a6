import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { oneLine } from '../one-line.ts';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printFields, printJson } from './output.ts';

export const statusCommand: CommandModule<object, RemoteOptions> = {
  command: 'status',
  describe: 'Show how the daemon is; ends with 1 when a part of it fails',
  builder: (yargs) => withRemote(yargs),
  handler: async (options) => {
    const status = (await connect(options)('GET', 'status')) as Record<string, { status?: string }>;
    if (options.json) printJson(status);
    else
      printFields(
        Object.fromEntries(
          Object.entries(status).map(([part, { status: word, ...more }]) => [
            part,
            describe(word, more),
          ]),
        ),
      );
    const { missing = [] } = (status['plugins'] ?? {}) as { missing?: string[] };
    if (!options.json)
      for (const service of missing)
        console.log(oneLine(`(!) no plugin provides the service ${service}: deliveries wait`));
    const failing = Object.keys(status).filter((part) => status[part]?.status === 'fail');
    if (failing.length > 0) throw new UserError(`failing: ${failing.join(', ')}`);
  },
};

function describe(word: string | undefined, more: object): string {
  const rest = Object.entries(more).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return [word ?? '', ...rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`)]
    .join('  ')
    .trim();
}
