import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { type LogLine, readable } from '../log-line.ts';
import { connect, follow } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';

interface LogsOptions extends RemoteOptions {
  plugin?: string | undefined;
  subscription?: string | undefined;
  event?: string | undefined;
  level?: string | undefined;
  since?: string | undefined;
  limit: number;
  follow: boolean;
}

export const logsCommand: CommandModule<object, LogsOptions> = {
  command: 'logs',
  describe: 'Show the daemon’s log: what was, then what comes',
  builder: (yargs) =>
    withRemote(yargs)
      .option('plugin', { type: 'string', describe: 'Only lines of this plugin' })
      .option('subscription', { type: 'string', describe: 'Only lines of this subscription' })
      .option('event', { type: 'string', describe: 'Only lines of events of this name' })
      .option('level', {
        choices: ['trace', 'debug', 'info', 'warning', 'error', 'critical'],
        describe: 'Only this level and those above',
      })
      .option('since', {
        type: 'string',
        describe: 'Only lines from then on: 30s, 10m, 2h, 1d, or a date',
      })
      .option('limit', { type: 'number', default: 1000, describe: 'How many lines of what was' })
      .option('follow', {
        type: 'boolean',
        default: true,
        describe: 'Go on with what comes; --no-follow ends after what was',
      }),
  handler: async (options) => {
    const print = (line: unknown) =>
      console.log(options.json ? JSON.stringify(line) : readable(line as LogLine));
    if (!options.follow) {
      const { items } = (await connect(options)('GET', `logs?${queryOf(options)}`)) as {
        items: unknown[];
      };
      items.forEach(print);
      return;
    }
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => interrupted.abort());
    await follow(options, `logs?follow=true&${queryOf(options)}`, print, interrupted.signal);
  },
};

/** The query of `GET /1.0/logs`. */
export function queryOf(
  options: Partial<
    Pick<LogsOptions, 'plugin' | 'subscription' | 'event' | 'level' | 'since' | 'limit'>
  >,
): string {
  const query = new URLSearchParams();
  for (const key of ['plugin', 'subscription', 'event', 'level'] as const) {
    const value = options[key];
    if (value !== undefined) query.set(key, value);
  }
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  if (options.since !== undefined) query.set('since', timeOf(options.since));
  return query.toString();
}

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2h` is two hours ago. */
function timeOf(since: string): string {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(since) ?? [];
  const time =
    count === undefined ? Date.parse(since) : Date.now() - Number(count) * (units[unit] ?? 0);
  if (Number.isNaN(time))
    throw new UserError(
      `--since: expected 30s, 10m, 2h, 1d or a date, found ${JSON.stringify(since)}`,
      2,
    );
  return new Date(time).toISOString();
}
