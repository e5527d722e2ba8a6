/** What plugins of a host log: in batches, and no more of it than the daemon can take. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { HostLogLine } from './protocol.ts';

/** A longer line is cut, characters. */
const maxLine = 8_192;

/** Fields that take more are shown as text, cut like a line, characters. */
const maxFields = 65_536;

/** How long lines are collected before they are sent, ms. */
const batchTime = 20;

/** What a plugin logs: in JavaScript, anything. */
type PluginLine = Omit<HostLogLine, 'message' | 'fields'> & { message: unknown; fields: unknown };

export class HostLog {
  #lines: HostLogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Lines that may still be sent in this second. */
  #left: number;
  #second = 0;
  #dropped = 0;

  /**
   * @param send gets the lines, at most `rate` a second
   * @param plugin who is told of when lines were dropped
   */
  constructor(
    private readonly send: (lines: HostLogLine[]) => void,
    private readonly rate: number,
    private readonly plugin: string,
  ) {
    this.#left = rate;
  }

  write({ fields, message, ...line }: PluginLine): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#reportDropped();
      this.#second = second;
      this.#left = this.rate;
    }
    if (this.#left <= 0) {
      this.#dropped++;
      // Somebody has to say so when the flood has ended.
      this.#sendSoon(1_000);
      return;
    }
    this.#left--;
    this.#lines.push({
      ...line,
      message: String(message).slice(0, maxLine),
      fields: fieldsAsJson(fields),
    });
    this.#sendSoon(batchTime);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reportDropped();
    if (this.#lines.length > 0) this.send(this.#lines.splice(0));
  }

  #sendSoon(delay: number): void {
    this.#timer ??= setTimeout(() => this.flush(), delay);
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    this.#lines.push({
      plugin: this.plugin,
      service: null,
      level: 'warn',
      message: `${this.#dropped} lines of the log were dropped: more than ${this.rate} in a second (plugins.max_log_rate)`,
      fields: '{}',
    });
    this.#dropped = 0;
  }
}

/** Plugins log what they have at hand: errors, and objects that no JSON can hold. */
function fieldsAsJson(fields: unknown): string {
  const isObject = typeof fields === 'object' && fields !== null && !(fields instanceof Error);
  try {
    const json = JSON.stringify(isObject ? fields : { value: fields }, readable);
    if (json.length <= maxFields) return json;
  } catch {
    // Such as one that contains itself.
  }
  const shown = inspect(fields, { depth: 3, breakLength: Infinity, customInspect: false });
  return JSON.stringify({ fields: shown.slice(0, maxLine) });
}

function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name: type, message, stack } = value;
  return { type, message, stack };
}

/** A console whose lines go to the log. */
export function loggingConsole(log: HostLog, plugin: string): Console {
  const stream = (level: 'info' | 'error') =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        for (const message of text.trimEnd().split('\n'))
          log.write({ plugin, service: null, level, message, fields: {} });
        done();
      },
    });
  return new Console({ stdout: stream('info'), stderr: stream('error'), colorMode: false });
}
