/** `/1.0/users/me/subscriptions`: the subscriptions of whoever asks. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { array, integer, nothing, object } from '../schema.ts';
import { UserSubscriptionInput } from '../subscriptions/schema.ts';
import type { Visible } from '../subscriptions/service.ts';
import { userOf } from './auth.ts';
import { failures } from './schemas.ts';
import { ShownSubscription, withWarning } from './shown-subscription.ts';
import { readsInput, userInputOf } from './subscription-body.ts';
import {
  type ByUuid,
  metadataFilter,
  MetadataQuery,
  type SubscriptionRoutes,
  UuidParams,
} from './subscriptions.ts';

export const userPath = '/users/me/subscriptions';

/** What is another's is not there. */
export function ownOf(request: FastifyRequest): Visible & { ownerUserUuid: string } {
  const { ownTenantUuid, userUuid } = userOf(request);
  return { tenants: new Set([ownTenantUuid]), ownerUserUuid: userUuid };
}

export function userSubscriptionRoutes(
  scope: FastifyInstance,
  { subscriptions, registry }: SubscriptionRoutes,
): void {
  const tags = ['users'];
  const shown = withWarning(registry);

  scope.get<{ Querystring: { search_metadata: string[] } }>(
    userPath,
    {
      schema: {
        tags,
        summary: 'List the user’s own subscriptions',
        querystring: MetadataQuery,
        response: {
          200: object({ items: array(ShownSubscription), total: integer() }),
          ...failures(400, 401),
        },
      },
    },
    (request) => {
      const items = subscriptions
        .list(ownOf(request))
        .filter(metadataFilter(request.query.search_metadata))
        .map(shown);
      return Promise.resolve({ items, total: items.length });
    },
  );

  scope.post(
    userPath,
    {
      ...readsInput,
      schema: {
        tags,
        summary: 'Create a subscription of the user’s own',
        body: UserSubscriptionInput,
        response: { 201: ShownSubscription, ...failures(400, 401, 413, 503) },
      },
    },
    async (request, reply) => {
      const { userUuid, serverUuid, ownTenantUuid } = userOf(request);
      const input = {
        ...userInputOf(request, subscriptions),
        ownerUserUuid: userUuid,
        eventsUserUuid: userUuid,
        eventsWazoUuid: serverUuid,
      };
      const created = await subscriptions.create(input, { tenantUuid: ownTenantUuid });
      return reply.status(201).send(shown(created));
    },
  );

  scope.get<ByUuid>(
    `${userPath}/:subscription_uuid`,
    {
      schema: {
        tags,
        summary: 'Show a subscription of the user’s own',
        params: UuidParams,
        response: { 200: ShownSubscription, ...failures(401, 404) },
      },
    },
    (request) =>
      Promise.resolve(shown(subscriptions.get(request.params.subscription_uuid, ownOf(request)))),
  );

  scope.put<ByUuid>(
    `${userPath}/:subscription_uuid`,
    {
      ...readsInput,
      schema: {
        tags,
        summary: 'Replace a subscription of the user’s own',
        params: UuidParams,
        body: UserSubscriptionInput,
        response: { 200: ShownSubscription, ...failures(400, 401, 404, 413, 503) },
      },
    },
    async (request) => {
      const own = ownOf(request);
      const { subscription_uuid: uuid } = request.params;
      const { eventsUserUuid, eventsWazoUuid, ownerUserUuid } = subscriptions.get(uuid, own);
      const input = {
        ...userInputOf(request, subscriptions),
        eventsUserUuid,
        eventsWazoUuid,
        ownerUserUuid,
      };
      return shown(await subscriptions.update(uuid, input, own));
    },
  );

  scope.delete<ByUuid>(
    `${userPath}/:subscription_uuid`,
    {
      schema: {
        tags,
        summary: 'Delete a subscription of the user’s own',
        params: UuidParams,
        response: { 204: nothing(), ...failures(401, 404, 503) },
      },
    },
    async (request, reply) => {
      await subscriptions.delete(request.params.subscription_uuid, ownOf(request));
      return reply.status(204).send();
    },
  );
}
