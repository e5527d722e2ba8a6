/** `/1.0/deadletter`: messages that could not be taken. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { DeadLetter, DeadLetters } from '../bus/dead-letters.ts';
import { array, boolean, integer, maybe, nullable, object, open, string } from '../schema.ts';
import { requireMaster } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures, isoTime } from './schemas.ts';

export interface DeadLetterRoutes {
  masterTenant: MasterTenant;
  deadLetters: Pick<DeadLetters, 'list' | 'find' | 'redrive' | 'drop'>;
}

const summary = {
  id: string({ description: 'The same as long as the message is there.' }),
  reason: nullable(string(), { description: 'Why it cannot be taken; null: now it could.' }),
  event: nullable(string()),
  exchange: string(),
  routing_key: string(),
  died_at: nullable(string({ format: 'date-time' })),
  size: integer({ description: 'Bytes.' }),
};

const Choice = object({
  ids: maybe(array(string({ maxLength: 64 }), { maxItems: 10_000 })),
  all: maybe(boolean({ description: 'Every message there is.' })),
});

interface ChoiceBody {
  ids?: string[];
  all?: boolean;
}

const toItem = (letter: DeadLetter) => ({
  id: letter.id,
  reason: letter.reason,
  event: letter.event,
  exchange: letter.exchange,
  routing_key: letter.routingKey,
  died_at: isoTime(letter.diedAt),
  size: letter.size,
});

/** Nobody who says nothing means everything. */
function chosenBy({ ids = [], all = false }: ChoiceBody): (letter: DeadLetter) => boolean {
  if (all) return () => true;
  if (ids.length === 0)
    throw new ApiError('invalid-data', 'Name messages with `ids`, or say `all: true`');
  const wanted = new Set(ids);
  return ({ id }) => wanted.has(id);
}

/** The broker is another process: that it is away is no mistake of anybody's. */
async function fromBroker<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(
      'bus-unavailable',
      `The broker cannot be asked: ${(error as Error).message}`,
    );
  }
}

export function deadLetterRoutes(
  scope: FastifyInstance,
  { masterTenant, deadLetters }: DeadLetterRoutes,
): void {
  const tags = ['dead letters'];

  scope.get<{ Querystring: { limit: number } }>(
    '/deadletter',
    {
      schema: {
        tags,
        summary: 'List messages that could not be taken, the oldest first',
        querystring: object({
          limit: integer({ minimum: 1, maximum: 10_000, default: 100, description: 'How many.' }),
        }),
        response: {
          200: object({ items: array(object(summary)), total: integer() }),
          ...failures(400, 401, 503),
        },
      },
    },
    async (request) => {
      requireMaster(request, masterTenant);
      const items = (await fromBroker(deadLetters.list(request.query.limit))).map(toItem);
      return { items, total: items.length };
    },
  );

  scope.get<{ Params: { id: string } }>(
    '/deadletter/:id',
    {
      schema: {
        tags,
        summary: 'Show a message that could not be taken',
        params: object({ id: string({ maxLength: 64 }) }),
        response: {
          200: object({ ...summary, headers: open(), content: string() }),
          ...failures(401, 404, 503),
        },
      },
    },
    async (request) => {
      requireMaster(request, masterTenant);
      const { id } = request.params;
      const letter = await fromBroker(deadLetters.find(id));
      if (letter === undefined)
        throw new ApiError('no-such-message', `No such message among the dead letters: ${id}`);
      const { headers, content } = letter;
      return { ...toItem(letter), headers, content };
    },
  );

  for (const [verb, what] of [
    ['redrive', 'Put messages into the daemon’s queue again'],
    ['drop', 'Let go of messages for good'],
  ] as const)
    scope.post<{ Body: ChoiceBody }>(
      `/deadletter/${verb}`,
      {
        schema: {
          tags,
          summary: what,
          body: Choice,
          response: { 200: object({ messages: integer() }), ...failures(400, 401, 503) },
        },
      },
      async (request) => {
        requireMaster(request, masterTenant);
        return { messages: await fromBroker(deadLetters[verb](chosenBy(request.body))) };
      },
    );
}
