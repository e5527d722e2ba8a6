import type { CommandModule } from 'yargs';
import { UserError } from '../../errors.ts';
import { connect } from '../client.ts';
import { withRemote } from '../options.ts';
import { printOne } from '../output.ts';
import { type OneOptions, pathOf } from './body.ts';

export const testCommand: CommandModule<
  object,
  OneOptions & { event?: string | undefined; data?: string | undefined }
> = {
  command: 'test <uuid>',
  describe: 'Deliver a sample now, and show what the endpoint says',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('event', { type: 'string', describe: 'Name of the event' })
      .option('data', { type: 'string', describe: 'Its data as JSON' }),
  handler: async (options) => {
    const { event, data } = options;
    const outcome = (await connect(options)('POST', `${pathOf(options.uuid)}/test`, {
      ...(event === undefined ? {} : { event }),
      ...(data === undefined ? {} : { data: parseData(data) }),
    })) as { status: string };
    printOne(outcome, options.json);
    if (outcome.status !== 'success') throw new UserError('the endpoint did not take the sample');
  },
};

function parseData(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UserError(`--data is not JSON: ${(error as Error).message}`, 2);
  }
}
