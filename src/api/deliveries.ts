/** `/1.0/deliveries`: every event for every subscription, as a thing to be looked at and acted upon. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { Dispatcher } from '../deliveries/dispatcher.ts';
import type { Attempt, DeliveryRecord, ShownStatus } from '../model.ts';
import type { Handlers } from '../plugins/handlers.ts';
import { array, integer, maybe, nullable, object, oneOf, open, string } from '../schema.ts';
import type { DeliveryQuery, Store } from '../store/store.ts';
import { NoSuchSubscription, type SubscriptionService } from '../subscriptions/service.ts';
import { principalOf } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures, isoTime, momentIn } from './schemas.ts';

export interface DeliveryRoutes {
  subscriptions: SubscriptionService;
  /** Theirs are deliveries like any other. */
  handlers: Pick<Handlers, 'find'>;
  masterTenant: MasterTenant;
  store: Pick<
    Store,
    'deliveries' | 'delivery' | 'deliveryRecord' | 'retryDelivery' | 'cancelDelivery'
  >;
  dispatcher: Pick<Dispatcher, 'renew' | 'wake' | 'reconsider'>;
}

const statuses = ['pending', 'succeeded', 'failed', 'parked', 'cancelled'] as const;

const Query = object({
  subscription: maybe(string({ maxLength: 128, description: 'Only those of this subscription.' })),
  event: maybe(
    string({ maxLength: 128, description: 'Only those of events of this name; `*` is anything.' }),
  ),
  status: maybe(oneOf(statuses, { description: 'Only those in this state.' })),
  since: maybe(string({ format: 'iso-date-time', description: 'Received then or later.' })),
  until: maybe(string({ format: 'iso-date-time', description: 'Received before.' })),
  before: maybe(
    string({ maxLength: 36, description: '`next` of the page before: what comes after it.' }),
  ),
  limit: integer({
    minimum: 1,
    maximum: 1000,
    default: 100,
    description: 'How many at most; fewer when their events are large.',
  }),
});

const ShownDelivery = object({
  id: string({ description: 'The `webhook-id`: the same over all attempts.' }),
  subscription_uuid: string(),
  event: open({ description: 'The event’s name and data.' }),
  received_at: string({ format: 'date-time' }),
  status: oneOf(statuses),
  attempts: integer(),
  next_attempt_at: nullable(string({ format: 'date-time' }), { description: 'null: it is final.' }),
  is_request: { type: 'boolean', description: 'Whether it is a request that a plugin returned.' },
});

const ShownAttempt = object({
  number: integer(),
  status: oneOf(['success', 'failure', 'error']),
  started_at: string({ format: 'date-time' }),
  ended_at: string({ format: 'date-time' }),
  detail: open(),
});

const Params = object({ delivery_id: string({ maxLength: 36 }) });

interface ById {
  Params: { delivery_id: string };
}

interface ListQuery {
  subscription?: string;
  event?: string;
  status?: ShownStatus;
  since?: string;
  until?: string;
  before?: string;
  limit: number;
}

const toItem = (delivery: DeliveryRecord) => ({
  id: delivery.id,
  subscription_uuid: delivery.subscriptionUuid,
  event: { name: delivery.event.name, data: delivery.event.data },
  received_at: isoTime(delivery.event.receivedAt),
  status: delivery.status,
  attempts: delivery.attempts,
  next_attempt_at: isoTime(delivery.nextAttemptAt),
  is_request: delivery.isRequest,
});

const toAttemptItem = ({ number, status, startedAt, endedAt, detail }: Attempt) => ({
  number,
  status,
  started_at: isoTime(startedAt),
  ended_at: isoTime(endedAt),
  detail,
});

export function deliveryRoutes(scope: FastifyInstance, subjects: DeliveryRoutes): void {
  const { subscriptions, handlers, masterTenant, store, dispatcher } = subjects;
  const tags = ['deliveries'];

  /** Of which subscriptions the caller may see deliveries; null: of all, those that are gone included. */
  const visible = async (request: FastifyRequest): Promise<string[] | null> => {
    const principal = principalOf(request);
    if (principal.tenantUuid === masterTenant.uuid) return null;
    const tenants = await principal.visibleTenants();
    return subscriptions.list({ tenants }).map(({ uuid }) => uuid);
  };

  const seenBy = async (request: FastifyRequest<ById>, delivery: DeliveryRecord | null) => {
    const id = request.params.delivery_id;
    const seen = await visible(request);
    if (delivery === null || (seen !== null && !seen.includes(delivery.subscriptionUuid)))
      throw new ApiError('no-such-delivery', `No such delivery: ${id}`, { delivery_id: id });
    return delivery;
  };

  const find = async (request: FastifyRequest<ById>) =>
    seenBy(request, await store.deliveryRecord(request.params.delivery_id));

  scope.get<{ Querystring: ListQuery }>(
    '/deliveries',
    {
      schema: {
        tags,
        summary: 'List deliveries, the newest first',
        querystring: Query,
        response: {
          200: object({
            items: array(ShownDelivery),
            total: integer({ description: 'How many are returned.' }),
            next: nullable(string(), { description: '`before` of the next page; null: the last.' }),
          }),
          ...failures(400, 401, 404),
        },
      },
    },
    async (request) => {
      const { subscription, event = null, status = null, before = null, limit } = request.query;
      const seen = await visible(request);
      if (subscription !== undefined && seen !== null && !seen.includes(subscription))
        throw new NoSuchSubscription(subscription);
      const query: DeliveryQuery = {
        subscriptionUuids: subscription === undefined ? seen : [subscription],
        event,
        status,
        since: momentIn(request.query.since),
        until: momentIn(request.query.until),
        before,
        limit,
      };
      const { items, next } = await store.deliveries(query);
      return { items: items.map(toItem), total: items.length, next };
    },
  );

  scope.get<ById>(
    '/deliveries/:delivery_id',
    {
      schema: {
        tags,
        summary: 'Show a delivery with its attempts',
        params: Params,
        response: {
          200: object({
            ...ShownDelivery.properties,
            log: array(ShownAttempt, {
              description:
                'Its attempts, the first one first. When they are very large, the oldest are left out: the logs of the subscription have them all.',
            }),
          }),
          ...failures(401, 404),
        },
      },
    },
    async (request) => {
      const found = await store.delivery(request.params.delivery_id);
      const delivery = await seenBy(request, found?.delivery ?? null);
      return { ...toItem(delivery), log: (found?.attempts ?? []).map(toAttemptItem) };
    },
  );

  scope.post<ById>(
    '/deliveries/:delivery_id/retry',
    {
      schema: {
        tags,
        summary: 'Attempt a delivery now, with all of its schedule ahead',
        params: Params,
        response: { 200: ShownDelivery, ...failures(401, 404, 409, 503) },
      },
    },
    async (request) => {
      const { id, subscriptionUuid } = await find(request);
      if ((subscriptions.find(subscriptionUuid) ?? handlers.find(subscriptionUuid)) === undefined)
        throw new ApiError('conflict', 'The subscription or handler of the delivery is gone');
      dispatcher.renew(subscriptionUuid, id);
      await store.retryDelivery(id, Date.now());
      dispatcher.wake(subscriptionUuid);
      return toItem(await find(request));
    },
  );

  scope.post<ById>(
    '/deliveries/:delivery_id/cancel',
    {
      schema: {
        tags,
        summary: 'Attempt a delivery no more',
        params: Params,
        response: { 200: ShownDelivery, ...failures(401, 404, 409, 503) },
      },
    },
    async (request) => {
      const delivery = await find(request);
      if (!(await store.cancelDelivery(delivery.id)))
        throw new ApiError('conflict', `The delivery has ended already: it ${delivery.status}`);
      dispatcher.reconsider(delivery.subscriptionUuid);
      return toItem(await find(request));
    },
  );
}
