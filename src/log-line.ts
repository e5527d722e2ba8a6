/** A line of the daemon's log as a person reads it: on the daemon's own terminal, and wherever it is followed. */
import { styleText } from 'node:util';
import { oneLine, plainLines } from './one-line.ts';

/** As pino writes it. */
export type LogLine = Record<string, unknown> & {
  level: number;
  /** ms since the epoch */
  time: number;
  msg: string;
};

const levels: Record<number, [name: string, color: Parameters<typeof styleText>[0]]> = {
  10: ['TRACE', 'gray'],
  20: ['DEBUG', 'gray'],
  30: ['INFO', 'green'],
  40: ['WARN', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red'],
};

/** Shown by the message already, or of no use to a reader. */
const leftOut = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err', 'plugin', 'stack']);

function shown(key: string, value: unknown): string {
  if (key.endsWith('_at') && typeof value === 'number') return new Date(value).toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One line, and the stack of an error below it; in colors when standard output is a terminal that has them. */
export function readable(line: LogLine): string {
  const { level, time, msg, plugin, err } = line;
  const more = Object.entries(line)
    .filter(([key, value]) => !leftOut.has(key) && value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${shown(key, value)}`);
  const [name, color] = levels[level] ?? [String(level), 'gray'];
  const who = typeof plugin === 'string' ? `[${plugin}] ` : '';
  const head = `${new Date(time).toISOString()} ${styleText(color, name.padEnd(5))}`;
  const stack = (err as { stack?: string } | undefined)?.stack ?? line['stack'];
  return [
    `${head} ${oneLine([`${who}${msg}`, ...more].join('  '))}`,
    ...(typeof stack === 'string' ? [plainLines(stack).replace(/^/gm, '    ')] : []),
  ].join('\n');
}
