/** Where the events that are emitted come from: the command line, the samples, or a file. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { OutgoingEvent } from '../bus/message.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Json, JsonObject } from '../model.ts';

export interface EventSource {
  name?: string | undefined;
  data?: string | undefined;
  sample: boolean;
  from?: string | undefined;
  header: string[];
}

/**
 * Everything is checked before anything is published. Throws {@link UserError}.
 *
 * @param declared events that a sample can be made of though they are in no catalogue
 */
export async function eventsToEmit(
  source: EventSource,
  declared: () => readonly string[],
): Promise<OutgoingEvent[]> {
  const { name, data, sample, from } = source;
  if (data !== undefined && (sample || from !== undefined))
    throw new UserError('--data: the data come from --sample or --from already', 2);
  const headers = parseHeaders(source.header);
  if (from !== undefined) {
    if (name !== undefined) throw new UserError('give a name or --from, not both', 2);
    const events = await readLines(from);
    return events.map((event) => ({ ...event, headers: { ...event.headers, ...headers } }));
  }
  if (name === undefined) throw new UserError('name the event, or give a file with --from', 2);
  if (!sample) return [{ name, data: parseData(data ?? '{}'), headers }];
  const { sampleEvent } = await import('../events/samples.ts');
  const event = sampleEvent(name, undefined, declared());
  return [{ ...event, headers: { ...event.headers, ...headers } }];
}

async function readLines(file: string): Promise<OutgoingEvent[]> {
  let content: string;
  try {
    content = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--from: ${file} cannot be read: ${messageOf(error)}`, 2, { cause: error });
  }
  const events = content.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [parseLine(line, `${file === '-' ? 'standard input' : file}, line ${index + 1}`)];
  });
  if (events.length === 0) throw new UserError(`--from: ${file} has no events`, 2);
  return events;
}

function parseLine(line: string, where: string): OutgoingEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(`${where}: not valid JSON: ${messageOf(error)}`, 2, { cause: error });
  }
  const { name, data = {}, headers = {} } = (value ?? {}) as Partial<OutgoingEvent>;
  if (typeof name !== 'string' || name === '')
    throw new UserError(`${where}: expected an object with the name of an event`, 2);
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw new UserError(`${where}: headers: expected an object`, 2);
  return { name, data, headers };
}

function parseData(data: string): Json {
  try {
    return JSON.parse(data) as Json;
  } catch (error) {
    throw new UserError(`--data: not valid JSON: ${messageOf(error)}`, 2, { cause: error });
  }
}

function parseHeaders(pairs: readonly string[]): JsonObject {
  const words: Record<string, Json> = { true: true, false: false };
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', ...rest] = pair.split('=');
      const value = rest.join('=');
      if (key === '' || rest.length === 0)
        throw new UserError(`--header: ${JSON.stringify(pair)} is not of the form key=value`, 2);
      return [key, words[value] ?? value];
    }),
  );
}
