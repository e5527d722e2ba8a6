/** `/1.0/subscriptions` */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { array, boolean, integer, maybe, nothing, object, string } from '../schema.ts';
import type { Subscription } from '../model.ts';
import type { PluginRegistry } from '../plugins/registry.ts';
import { SubscriptionInput } from '../subscriptions/schema.ts';
import type { SubscriptionService, Visible } from '../subscriptions/service.ts';
import { principalOf } from './auth.ts';
import { failures } from './schemas.ts';
import { ShownSubscription, withWarning } from './shown-subscription.ts';
import { inputOf, readsInput } from './subscription-body.ts';

export interface SubscriptionRoutes {
  subscriptions: SubscriptionService;
  registry: PluginRegistry;
}

export interface ByUuid {
  Params: { subscription_uuid: string };
}

export const UuidParams = object({
  subscription_uuid: string({ maxLength: 128, description: 'The subscription’s uuid.' }),
});

export const MetadataQuery = object({
  search_metadata: array(string({ maxLength: 4096 }), {
    default: [],
    description: 'Only subscriptions whose metadata has `key:value`; of several, all.',
  }),
});

const ListQuery = object({
  ...MetadataQuery.properties,
  recurse: maybe(
    boolean({ default: false, description: 'Subscriptions of the tenants below too.' }),
  ),
});

/** Whether a subscription's metadata has every `key:value`. What has no colon says nothing, as in wazo-webhookd. */
export function metadataFilter(searches: readonly string[]) {
  const wanted = searches
    .map((search) => [search.indexOf(':'), search] as const)
    .filter(([colon]) => colon >= 0)
    .map(([colon, search]) => [search.slice(0, colon), search.slice(colon + 1)] as const);
  return ({ metadata }: Subscription): boolean =>
    wanted.every(([key, value]) => Object.hasOwn(metadata, key) && textOf(metadata[key]) === value);
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** The subscriptions of the tenant asked for and of those below it. */
export const reachOf = async (request: FastifyRequest): Promise<Visible> => ({
  tenants: await principalOf(request).visibleTenants(),
});

export function subscriptionRoutes(
  scope: FastifyInstance,
  { subscriptions, registry }: SubscriptionRoutes,
): void {
  const tags = ['subscriptions'];
  const shown = withWarning(registry);

  scope.get<{ Querystring: { recurse: boolean; search_metadata: string[] } }>(
    '/subscriptions',
    {
      schema: {
        tags,
        summary: 'List subscriptions',
        querystring: ListQuery,
        response: {
          200: object({ items: array(ShownSubscription), total: integer() }),
          ...failures(400, 401),
        },
      },
    },
    async (request) => {
      const { recurse, search_metadata: searches } = request.query;
      const tenants = recurse
        ? await principalOf(request).visibleTenants()
        : new Set([principalOf(request).tenantUuid]);
      const items = subscriptions.list({ tenants }).filter(metadataFilter(searches)).map(shown);
      return { items, total: items.length };
    },
  );

  scope.post(
    '/subscriptions',
    {
      ...readsInput,
      schema: {
        tags,
        summary: 'Create a subscription',
        body: SubscriptionInput,
        response: { 201: ShownSubscription, ...failures(400, 401, 413, 503) },
      },
    },
    async (request, reply) => {
      const input = inputOf(request, subscriptions);
      return reply.status(201).send(shown(await subscriptions.create(input, principalOf(request))));
    },
  );

  scope.get<ByUuid>(
    '/subscriptions/:subscription_uuid',
    {
      schema: {
        tags,
        summary: 'Show a subscription',
        params: UuidParams,
        response: { 200: ShownSubscription, ...failures(401, 404) },
      },
    },
    async (request) =>
      shown(subscriptions.get(request.params.subscription_uuid, await reachOf(request))),
  );

  scope.put<ByUuid>(
    '/subscriptions/:subscription_uuid',
    {
      ...readsInput,
      schema: {
        tags,
        summary: 'Replace a subscription',
        params: UuidParams,
        body: SubscriptionInput,
        response: { 200: ShownSubscription, ...failures(400, 401, 404, 413, 503) },
      },
    },
    async (request) => {
      const input = inputOf(request, subscriptions);
      const { subscription_uuid: uuid } = request.params;
      return shown(await subscriptions.update(uuid, input, await reachOf(request)));
    },
  );

  scope.delete<ByUuid>(
    '/subscriptions/:subscription_uuid',
    {
      schema: {
        tags,
        summary: 'Delete a subscription',
        params: UuidParams,
        response: { 204: nothing(), ...failures(401, 404, 503) },
      },
    },
    async (request, reply) => {
      await subscriptions.delete(request.params.subscription_uuid, await reachOf(request));
      return reply.status(204).send();
    },
  );

  scope.get(
    '/subscriptions/services',
    {
      schema: {
        tags,
        summary: 'List the services there are',
        response: { 200: object({ services: array(string()) }), ...failures(401) },
      },
    },
    () => Promise.resolve({ services: registry.names() }),
  );
}
