/** Logs for code under test: one that says nothing, one that can be read. */
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

export const silentLog: Logger = pino({ level: 'silent' });

export interface ReadableLog {
  log: Logger;
  lines: (Record<string, unknown> & { msg: string; level: number })[];
}

export function readableLog(): ReadableLog {
  const lines: ReadableLog['lines'] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as ReadableLog['lines'][number]);
      done();
    },
  });
  return { log: pino({ level: 'trace', base: null }, stream), lines };
}
