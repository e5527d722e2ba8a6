import type { CommandModule } from 'yargs';
import { connect } from '../client.ts';
import { withRemote } from '../options.ts';
import { printJson, printTable } from '../output.ts';
import { type OneOptions, pathOf } from './body.ts';

interface LogItem {
  uuid: string;
  status: string;
  started_at: string;
  ended_at: string;
  attempts: number;
  max_attempts: number;
  event: { name: string };
  detail: { error?: string; response_status_code?: number };
}

export const logsCommand: CommandModule<
  object,
  OneOptions & { limit: number; search?: string | undefined }
> = {
  command: 'logs <uuid>',
  describe: 'Show the attempts made for a subscription, the latest first',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('uuid', { type: 'string', demandOption: true })
      .option('limit', { type: 'number', default: 20, describe: 'How many' })
      .option('search', {
        type: 'string',
        describe: 'Only those with these words in the event, the error or the address',
      }),
  handler: async (options) => {
    const query = new URLSearchParams({ limit: String(options.limit) });
    if (options.search !== undefined) query.set('search', options.search);
    const { items } = (await connect(options)(
      'GET',
      `${pathOf(options.uuid)}/logs?${query.toString()}`,
    )) as { items: LogItem[] };
    if (options.json) printJson(items);
    else printTable(['STARTED', 'MS', 'STATUS', 'ATTEMPT', 'EVENT', 'DETAIL'], items.map(logRow));
  },
};

function logRow({
  started_at: start,
  ended_at: end,
  status,
  attempts,
  max_attempts: max,
  event,
  detail,
}: LogItem): string[] {
  const duration = String(Date.parse(end) - Date.parse(start));
  const result =
    detail.error ??
    (detail.response_status_code === undefined ? '' : String(detail.response_status_code));
  return [start, duration, status, `${attempts}/${max}`, event.name, result];
}
