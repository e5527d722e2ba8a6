/** Subscriptions as clients send them: what is wrong is told together, the options of the service included. */
import type { FastifyRequest } from 'fastify';
import type { JsonObject } from '../model.ts';
import { toCamelKeys } from '../naming.ts';
import type { ObjectSchema } from '../schema.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import {
  SubscriptionInput,
  type UserSubscriptionInput as UserInput,
  UserSubscriptionInput,
} from '../subscriptions/schema.ts';
import { InvalidSubscription, type SubscriptionService } from '../subscriptions/service.ts';

/** For routes that read their body with {@link inputOf}: fastify leaves its findings to them. */
export const readsInput = { attachValidation: true } as const;

type KnowsServices = Pick<SubscriptionService, 'problemsOf'>;

/** The subscription a client sent. Throws {@link InvalidSubscription}. */
export const inputOf = (request: FastifyRequest, subscriptions: KnowsServices) =>
  validBody(SubscriptionInput, request, subscriptions) as SubscriptionInput;

/** The same of a user's own. Throws {@link InvalidSubscription}. */
export const userInputOf = (request: FastifyRequest, subscriptions: KnowsServices) =>
  validBody(UserSubscriptionInput, request, subscriptions) as UserInput;

function validBody(
  schema: ObjectSchema,
  request: FastifyRequest,
  subscriptions: KnowsServices,
): unknown {
  rejectInvalid(request, subscriptions);
  return toCamelKeys(schema, request.body);
}

function rejectInvalid(
  { validationError, body }: FastifyRequest,
  subscriptions: KnowsServices,
): void {
  if (validationError === undefined) return;
  const { service, config } = (body ?? {}) as Record<string, unknown>;
  const isObject = typeof config === 'object' && config !== null && !Array.isArray(config);
  throw new InvalidSubscription([
    ...problemsFrom((validationError.validation ?? []) as never),
    ...(typeof service === 'string' && isObject
      ? subscriptions.problemsOf(service, config as JsonObject)
      : []),
  ]);
}
