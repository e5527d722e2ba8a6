/** Subscriptions as clients send them: what is wrong is told together, the options of the service included. */
import type { FastifyRequest } from 'fastify';
import type { JsonObject } from '../model.ts';
import { toCamelKeys } from '../naming.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import {
  SubscriptionInput,
  type UserSubscriptionInput as UserInput,
  UserSubscriptionInput,
} from '../subscriptions/schema.ts';
import { InvalidSubscription, type SubscriptionService } from '../subscriptions/service.ts';

/** For routes that read their body with {@link inputOf}: fastify leaves its findings to them. */
export const readsInput = { attachValidation: true } as const;

/** Throws {@link InvalidSubscription}. */
export function inputOf(
  request: FastifyRequest,
  subscriptions: Pick<SubscriptionService, 'problemsOf'>,
): SubscriptionInput {
  rejectInvalid(request, subscriptions);
  return toCamelKeys(SubscriptionInput, request.body) as SubscriptionInput;
}

/** The same for a user's own. Throws {@link InvalidSubscription}. */
export function userInputOf(
  request: FastifyRequest,
  subscriptions: Pick<SubscriptionService, 'problemsOf'>,
): UserInput {
  rejectInvalid(request, subscriptions);
  return toCamelKeys(UserSubscriptionInput, request.body) as UserInput;
}

function rejectInvalid(
  { validationError, body }: FastifyRequest,
  subscriptions: Pick<SubscriptionService, 'problemsOf'>,
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
