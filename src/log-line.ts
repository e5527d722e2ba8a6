/** A line of the daemon's log as a person reads it: on the daemon's own terminal, and wherever it is followed. */
import { styleText } from 'node:util';
import { oneLine, plainLines } from './one-line.ts';

/** As pino writes it: a number as its level, a time in ms since the epoch; but others may have written it. */
export type LogLine = Record<string, unknown> & { level: unknown; time: unknown; msg: unknown };

const levels = new Map<unknown, [name: string, color: Parameters<typeof styleText>[0]]>([
  [10, ['TRACE', 'gray']],
  [20, ['DEBUG', 'gray']],
  [30, ['INFO', 'green']],
  [40, ['WARN', 'yellow']],
  [50, ['ERROR', 'red']],
  [60, ['FATAL', 'red']],
]);

/** Shown by the message already, or of no use to a reader. */
const leftOut = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err', 'plugin', 'stack']);

/** The farthest moment from the epoch that a Date can hold, ms. */
const farthest = 8.64e15;

/** undefined for what is no moment. */
const momentOf = (value: unknown): string | undefined =>
  typeof value === 'number' && Math.abs(value) <= farthest
    ? new Date(value).toISOString()
    : undefined;

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

const shown = (key: string, value: unknown): string =>
  (key.endsWith('_at') ? momentOf(value) : undefined) ?? textOf(value);

/** One line, and the stack of an error below it; in colors when standard output is a terminal that has them. */
export function readable(line: LogLine): string {
  const { level, time, msg, plugin, err } = line;
  const more = Object.entries(line)
    .filter(([key, value]) => !leftOut.has(key) && value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${shown(key, value)}`);
  const [name, color] = levels.get(level) ?? [oneLine(textOf(level)), 'gray'];
  const who = typeof plugin === 'string' ? `[${plugin}] ` : '';
  const moment = momentOf(time) ?? oneLine(textOf(time));
  const head = `${moment} ${styleText(color, name.padEnd(5))}`;
  const stack = (err as { stack?: string } | undefined)?.stack ?? line['stack'];
  return [
    `${head} ${oneLine([`${who}${textOf(msg)}`, ...more].join('  '))}`,
    ...(typeof stack === 'string' ? [plainLines(stack).replace(/^/gm, '    ')] : []),
  ].join('\n');
}
