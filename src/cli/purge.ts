import type { CommandModule } from 'yargs';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson } from './output.ts';

export const purgeCommand: CommandModule<object, RemoteOptions & { days: number }> = {
  command: 'purge',
  describe: 'Remove final deliveries of old events, with their log',
  builder: (yargs) =>
    withRemote(yargs).option('days', {
      type: 'number',
      demandOption: true,
      describe: 'What was received longer ago goes',
    }),
  handler: async (options) => {
    const purged = (await connect(options)('POST', 'purge', { days: options.days })) as {
      events: number;
      deliveries: number;
      attempts: number;
    };
    if (options.json) printJson(purged);
    else
      console.log(
        `removed ${purged.deliveries} deliveries with ${purged.attempts} attempts, and ${purged.events} events`,
      );
  },
};
