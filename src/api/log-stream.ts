/** `/1.0/logs`: the daemon's log, what was and what comes. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import { array, boolean, integer, maybe, object, oneOf, open, string } from '../schema.ts';
import { requireMaster } from './auth.ts';
import { failures, momentIn } from './schemas.ts';

/** Where lines come from: JSON, each with its line end. */
export interface LogSource {
  lines(): string[];
  follow(follower: (line: string) => void): () => void;
}

export interface LogStreamRoutes {
  history: LogSource;
  masterTenant: MasterTenant;
}

/** pino's numbers. */
const levels = { trace: 10, debug: 20, info: 30, warning: 40, error: 50, critical: 60 } as const;

type Level = keyof typeof levels;

interface LogQuery {
  plugin?: string;
  subscription?: string;
  event?: string;
  level: Level;
  since?: string;
  limit: number;
  follow: boolean;
}

type Line = Record<string, unknown> & { level: number; time: number };

/** How much may wait for a reader who is slow before lines are left out, bytes. */
const maxWaiting = 1024 * 1024;

/** Keeps the way open where somebody closes what is silent, ms. */
const heartbeat = 15_000;

const Query = object({
  plugin: maybe(string({ maxLength: 214, description: 'Only lines of this plugin.' })),
  subscription: maybe(string({ maxLength: 128, description: 'Only lines of this subscription.' })),
  event: maybe(string({ maxLength: 128, description: 'Only lines of events of this name.' })),
  level: oneOf(Object.keys(levels) as Level[], {
    default: 'trace',
    description: 'Only this level and those above.',
  }),
  since: maybe(
    string({ format: 'iso-date-time', description: 'Only lines from this time or later.' }),
  ),
  limit: integer({
    default: 1000,
    minimum: 0,
    maximum: 100_000,
    description: 'How many of the last lines.',
  }),
  follow: boolean({
    default: false,
    description: 'Go on with what comes, as server-sent events: each a line of JSON.',
  }),
});

export function logStreamRoutes(
  scope: FastifyInstance,
  { history, masterTenant }: LogStreamRoutes,
): void {
  const readers = new Set<Reader>();
  scope.addHook('preClose', (done) => {
    for (const { response, letGo } of readers) {
      // Who does not read keeps it open for a while yet, and nothing may be written to it any more.
      letGo();
      response.end();
    }
    done();
  });

  scope.get<{ Querystring: LogQuery }>(
    '/logs',
    {
      schema: {
        tags: ['logs'],
        summary: 'Show the daemon’s log',
        querystring: Query,
        response: {
          200: object({ items: array(open()), total: integer() }),
          ...failures(400, 401),
        },
      },
    },
    (request, reply) => {
      requireMaster(request, masterTenant);
      const fits = filterOf(request.query);
      const past = history
        .lines()
        .map(parse)
        .filter(fits)
        .slice(-request.query.limit || Infinity);
      const items = request.query.limit === 0 ? [] : past;
      if (!request.query.follow) return reply.send({ items, total: items.length });
      reply.hijack();
      stream(reply.raw, { history, items, fits, readers, headers: reply.getHeaders() });
      return reply;
    },
  );
}

/** Somebody who follows the log. */
interface Reader {
  response: ServerResponse;
  /** Writes nothing more. */
  letGo: () => void;
}

function stream(
  response: ServerResponse,
  {
    history,
    items,
    fits,
    readers,
    headers,
  }: {
    history: LogSource;
    items: Line[];
    fits: (line: Line) => boolean;
    readers: Set<Reader>;
    /** Of every answer: a hijacked one is not given them. */
    headers: Record<string, number | string | string[] | undefined>;
  },
): void {
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  // `close` follows; and an error that nobody listens to ends the daemon.
  response.on('error', () => undefined);
  let leftOut = 0;
  const send = (line: Line) => {
    if (response.writableLength > maxWaiting) {
      leftOut++;
      return;
    }
    if (leftOut > 0) response.write(`event: left_out\ndata: {"lines":${leftOut}}\n\n`);
    leftOut = 0;
    response.write(`data: ${JSON.stringify(line)}\n\n`);
  };
  for (const line of items) response.write(`data: ${JSON.stringify(line)}\n\n`);
  const end = history.follow((text) => {
    const line = parse(text);
    if (fits(line)) send(line);
  });
  const beat = setInterval(() => response.write(': still here\n\n'), heartbeat);
  beat.unref();
  const reader: Reader = {
    response,
    letGo: () => {
      end();
      clearInterval(beat);
      readers.delete(reader);
    },
  };
  readers.add(reader);
  response.on('close', reader.letGo);
}

const parse = (text: string) => JSON.parse(text) as Line;

function filterOf({ plugin, subscription, event, level, since }: LogQuery) {
  const lowest = levels[level];
  const from = momentIn(since) ?? 0;
  return (line: Line): boolean =>
    line.level >= lowest &&
    line.time >= from &&
    (plugin === undefined || line['plugin'] === plugin) &&
    (subscription === undefined || line['subscription'] === subscription) &&
    (event === undefined || line['event'] === event);
}
