/** `/1.0/subscriptions/<uuid>/logs`: the attempts made for a subscription. */
import type { FastifyInstance } from 'fastify';
import { array, integer, maybe, object, oneOf, open, string } from '../schema.ts';
import type { LoggedAttempt } from '../model.ts';
import { attemptOrders, type AttemptQuery, type Store } from '../store/store.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import { principalOf } from './auth.ts';
import { failures, isoTime, momentIn } from './schemas.ts';
import { UuidParams } from './subscriptions.ts';

export interface LogRoutes {
  subscriptions: SubscriptionService;
  store: Pick<Store, 'attempts'>;
}

const LogQuery = object({
  limit: maybe(
    integer({
      minimum: 0,
      maximum: 10_000,
      default: 1000,
      description: 'How many to return at most; fewer when their events are large.',
    }),
  ),
  offset: maybe(
    integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
      description: 'How many to pass over.',
    }),
  ),
  order: maybe(
    oneOf([...attemptOrders], { default: 'started_at', description: 'What to sort by.' }),
  ),
  direction: maybe(
    oneOf(['asc', 'desc'], { default: 'desc', description: 'Smallest or largest first.' }),
  ),
  from_date: maybe(
    string({
      format: 'iso-date-time',
      description: 'Only attempts that began then or later; UTC unless it says otherwise.',
    }),
  ),
  search: maybe(
    string({
      maxLength: 256,
      description:
        'Only attempts with all these words in the event, the error or the address, whatever their case.',
    }),
  ),
});

const LogItem = object({
  uuid: string({ description: 'The delivery; the same over all attempts.' }),
  status: oneOf(['success', 'failure', 'error']),
  started_at: string({ format: 'date-time' }),
  ended_at: string({ format: 'date-time' }),
  attempts: integer({ description: 'Which attempt this was, 1 for the first.' }),
  max_attempts: integer(),
  event: open({ description: 'The event’s name and data.' }),
  detail: open({ description: 'What the service says; for http the request and the response.' }),
});

type LogQuery = Omit<AttemptQuery, 'subscriptionUuid' | 'from' | 'search'> & {
  from_date?: string;
  search?: string;
};

export function logRoutes(scope: FastifyInstance, { subscriptions, store }: LogRoutes): void {
  scope.get<{ Params: { subscription_uuid: string }; Querystring: LogQuery }>(
    '/subscriptions/:subscription_uuid/logs',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'List the attempts made for a subscription',
        params: UuidParams,
        querystring: LogQuery,
        response: {
          200: object({
            items: array(LogItem),
            total: integer({ description: 'How many are returned.' }),
            filtered: integer({ description: 'How many there are.' }),
          }),
          ...failures(400, 401, 404),
        },
      },
    },
    async (request) => {
      const visible = { tenants: await principalOf(request).visibleTenants() };
      const { uuid } = subscriptions.get(request.params.subscription_uuid, visible);
      const { from_date: fromDate, search = null, ...query } = request.query;
      const from = momentIn(fromDate);
      const { items, filtered } = await store.attempts({
        ...query,
        subscriptionUuid: uuid,
        from,
        search,
      });
      return { items: items.map(toItem), total: items.length, filtered };
    },
  );
}

function toItem({
  deliveryId,
  status,
  startedAt,
  endedAt,
  number,
  maxAttempts,
  event,
  detail,
}: LoggedAttempt) {
  return {
    uuid: deliveryId,
    status,
    started_at: isoTime(startedAt),
    ended_at: isoTime(endedAt),
    attempts: number,
    max_attempts: maxAttempts,
    event,
    detail,
  };
}
