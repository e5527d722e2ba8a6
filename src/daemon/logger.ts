/** The daemon's log: JSON lines to standard output or a file, readable lines on a terminal. */
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { LineBatch } from './line-batch.ts';
import { linesOf, LogHistory } from './log-history.ts';
import { LogOutput } from './log-output.ts';
import type { Config, LogLevel } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { type LogLine, readable } from '../log-line.ts';

const pinoLevels: Record<LogLevel, Level> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
};

type LogOptions = Pick<Config, 'debug' | 'logLevel' | 'logFile'>;

export interface DaemonLog {
  log: Logger;
  readonly history: LogHistory;
  /** Takes up a changed level, and opens the file anew. */
  readonly reload: (options: LogOptions) => void;
  /** Writes out what is buffered, synchronously. */
  readonly flush: () => void;
}

function levelOf({ debug, logLevel }: Pick<LogOptions, 'debug' | 'logLevel'>): Level {
  return debug ? 'debug' : pinoLevels[logLevel];
}

/**
 * @param isTerminal whether a person reads standard output
 * @throws UserError when the file cannot be opened
 */
export function createLog(options: LogOptions, isTerminal: boolean): DaemonLog {
  const output = new LogOutput(options.logFile);
  const isRead = options.logFile === null && isTerminal;
  const history = new LogHistory(isRead ? readableTo(output) : output);
  const lines = new LineBatch(history);
  const log = pino({ level: levelOf(options), base: null }, lines);
  return {
    log,
    history,
    reload(next) {
      log.level = levelOf(next);
      try {
        output.reopen();
      } catch (error) {
        log.error(`${messageOf(error)}; the log goes on in the file that was open`);
      }
    },
    flush() {
      lines.flush();
      output.flush();
    },
  };
}

function readableTo(output: DestinationStream): DestinationStream {
  return {
    write(text) {
      const lines = linesOf(text).map((line) => `${readable(JSON.parse(line) as LogLine)}\n`);
      output.write(lines.join(''));
    },
  };
}
