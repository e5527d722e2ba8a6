/** `/1.0/subscriptions` */
import type { FastifyInstance } from 'fastify';
import { array, boolean, integer, maybe, nothing, object, string } from '../schema.ts';
import type { Subscription } from '../model.ts';
import { toCamelKeys, toSnakeKeys } from '../naming.ts';
import type { PluginRegistry } from '../plugins/registry.ts';
import { SubscriptionInput, SubscriptionOutput } from '../subscriptions/schema.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import { principalOf } from './auth.ts';
import { failures } from './schemas.ts';

export interface SubscriptionRoutes {
  subscriptions: SubscriptionService;
  registry: PluginRegistry;
}

interface ByUuid {
  Params: { uuid: string };
}

export const UuidParams = object({
  uuid: string({ maxLength: 128, description: 'The subscription’s uuid.' }),
});

const ListQuery = object({
  recurse: maybe(
    boolean({ default: false, description: 'Subscriptions of the tenants below too.' }),
  ),
});

const toOutput = (subscription: Subscription) => toSnakeKeys(SubscriptionOutput, subscription);

export function subscriptionRoutes(
  scope: FastifyInstance,
  { subscriptions, registry }: SubscriptionRoutes,
): void {
  const tags = ['subscriptions'];

  scope.get<{ Querystring: { recurse: boolean } }>(
    '/subscriptions',
    {
      schema: {
        tags,
        summary: 'List subscriptions',
        querystring: ListQuery,
        response: {
          200: object({ items: array(SubscriptionOutput), total: integer() }),
          ...failures(400, 401),
        },
      },
    },
    (request) => {
      const items = subscriptions
        .list({ ...principalOf(request), recurse: request.query.recurse })
        .map(toOutput);
      return Promise.resolve({ items, total: items.length });
    },
  );

  scope.post(
    '/subscriptions',
    {
      schema: {
        tags,
        summary: 'Create a subscription',
        body: SubscriptionInput,
        response: { 201: SubscriptionOutput, ...failures(400, 401, 413, 503) },
      },
    },
    async (request, reply) => {
      const input = toCamelKeys(SubscriptionInput, request.body) as SubscriptionInput;
      return reply
        .status(201)
        .send(toOutput(await subscriptions.create(input, principalOf(request))));
    },
  );

  scope.get<ByUuid>(
    '/subscriptions/:uuid',
    {
      schema: {
        tags,
        summary: 'Show a subscription',
        params: UuidParams,
        response: { 200: SubscriptionOutput, ...failures(401, 404) },
      },
    },
    (request) =>
      Promise.resolve(toOutput(subscriptions.get(request.params.uuid, principalOf(request)))),
  );

  scope.put<ByUuid>(
    '/subscriptions/:uuid',
    {
      schema: {
        tags,
        summary: 'Replace a subscription',
        params: UuidParams,
        body: SubscriptionInput,
        response: { 200: SubscriptionOutput, ...failures(400, 401, 404, 413, 503) },
      },
    },
    async (request) => {
      const input = toCamelKeys(SubscriptionInput, request.body) as SubscriptionInput;
      return toOutput(await subscriptions.update(request.params.uuid, input, principalOf(request)));
    },
  );

  scope.delete<ByUuid>(
    '/subscriptions/:uuid',
    {
      schema: {
        tags,
        summary: 'Delete a subscription',
        params: UuidParams,
        response: { 204: nothing(), ...failures(401, 404, 503) },
      },
    },
    async (request, reply) => {
      await subscriptions.delete(request.params.uuid, principalOf(request));
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
