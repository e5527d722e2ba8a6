/** Every resource of the API. */
import type { FastifyInstance } from 'fastify';
import { logRoutes, type LogRoutes } from './logs.ts';
import { statusRoutes } from './status.ts';
import type { StatusAggregator } from './status-aggregator.ts';
import { subscriptionRoutes, type SubscriptionRoutes } from './subscriptions.ts';
import { tokenRoutes } from './token-routes.ts';
import type { Tokens } from './tokens.ts';

/** What the resources are about. */
export interface RouteSubjects extends SubscriptionRoutes, LogRoutes {
  tokens: Tokens;
  masterTenantUuid: string;
  status: Pick<StatusAggregator, 'collect'>;
}

/** Adds all routes of the daemon's own. */
export function addRoutes(scope: FastifyInstance, subjects: RouteSubjects): void {
  subscriptionRoutes(scope, subjects);
  logRoutes(scope, subjects);
  tokenRoutes(scope, subjects);
  statusRoutes(scope, subjects.status);
}
