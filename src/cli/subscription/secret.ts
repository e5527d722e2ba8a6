import type { CommandModule } from 'yargs';
import { connect } from '../client.ts';
import { withRemote } from '../options.ts';
import { printJson, printTable } from '../output.ts';
import { type OneOptions, pathOf } from './body.ts';

interface Secret {
  secret: string;
  public_key: string;
  created_at: string;
  expires_at: string | null;
}

export const secretCommand: CommandModule<
  object,
  OneOptions & { rotate: boolean; overlap?: number | undefined }
> = {
  command: 'secret <uuid>',
  describe: 'Show the secrets that deliveries are signed with, or make a new one',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('rotate', { type: 'boolean', default: false, describe: 'Make a new secret' })
      .option('overlap', {
        type: 'number',
        implies: 'rotate',
        describe: 'How long the former secret signs too, in seconds',
      }),
  handler: async (options) => {
    const call = connect(options);
    const { overlap } = options;
    const { secrets } = (
      options.rotate
        ? await call('POST', `${pathOf(options.uuid)}/secret/rotate`, {
            ...(overlap === undefined ? {} : { overlap }),
          })
        : await call('GET', `${pathOf(options.uuid)}/secret`)
    ) as { secrets: Secret[] };
    if (options.json) printJson(secrets);
    else
      printTable(
        ['SECRET', 'PUBLIC KEY', 'CREATED', 'SIGNS UNTIL'],
        secrets.map((one) => [
          one.secret,
          one.public_key,
          one.created_at,
          one.expires_at ?? 'it is rotated',
        ]),
      );
  },
};
