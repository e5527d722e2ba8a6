/** Every resource of the API. */
import type { FastifyInstance } from 'fastify';
import type { Tokens } from '../auth/tokens.ts';
import type { Store } from '../store/store.ts';
import { configRoutes, type RunningConfig } from './config.ts';
import { type DeadLetterRoutes, deadLetterRoutes } from './dead-letters.ts';
import { type DeliveryRoutes, deliveryRoutes } from './deliveries.ts';
import { importRoutes } from './import.ts';
import { logRoutes, type LogRoutes } from './logs.ts';
import { type LogStreamRoutes, logStreamRoutes } from './log-stream.ts';
import { type PluginRoutes, pluginRoutes } from './plugins.ts';
import { purgeRoutes, type PurgeRoutes } from './purge.ts';
import { type ReplayRoutes, replayRoutes } from './replays.ts';
import { type SigningRoutes, signingRoutes } from './signing.ts';
import { type StatusRoutes, statusRoutes } from './status.ts';
import { subscriptionRoutes, type SubscriptionRoutes } from './subscriptions.ts';
import { syncRoutes, type SyncRoutes } from './sync.ts';
import { tokenRoutes } from './token-routes.ts';
import { userSubscriptionRoutes } from './user-subscriptions.ts';

/** What the resources are about. */
export interface RouteSubjects
  extends
    SubscriptionRoutes,
    LogRoutes,
    SyncRoutes,
    PurgeRoutes,
    PluginRoutes,
    LogStreamRoutes,
    SigningRoutes,
    DeliveryRoutes,
    ReplayRoutes,
    DeadLetterRoutes,
    StatusRoutes {
  tokens: Tokens;
  store: Store;
  runningConfig: RunningConfig;
}

/** Adds all routes of the daemon's own. */
export function addRoutes(scope: FastifyInstance, subjects: RouteSubjects): void {
  subscriptionRoutes(scope, subjects);
  userSubscriptionRoutes(scope, subjects);
  signingRoutes(scope, subjects);
  logRoutes(scope, subjects);
  deliveryRoutes(scope, subjects);
  replayRoutes(scope, subjects);
  deadLetterRoutes(scope, subjects);
  tokenRoutes(scope, subjects);
  statusRoutes(scope, subjects);
  configRoutes(scope, subjects);
  syncRoutes(scope, subjects);
  purgeRoutes(scope, subjects);
  importRoutes(scope, subjects);
  pluginRoutes(scope, subjects);
  logStreamRoutes(scope, subjects);
}
