/** `/1.0/sync`: lets go of subscriptions whose owners are gone. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { KnownOwners } from '../auth/wazo/wazo-auth.ts';
import { array, boolean, integer, object } from '../schema.ts';
import { toOutput } from '../subscriptions/schema.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';
import { requireMaster } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures } from './schemas.ts';
import { ShownSubscription } from './shown-subscription.ts';

export interface SyncRoutes {
  subscriptions: SubscriptionService;
  masterTenant: MasterTenant;
  /** Null when nobody is there to ask. */
  wazoAuth: { knownOwners(): Promise<KnownOwners> } | null;
}

export function syncRoutes(
  scope: FastifyInstance,
  { subscriptions, masterTenant, wazoAuth }: SyncRoutes,
): void {
  scope.post<{ Body: { dry_run: boolean } }>(
    '/sync',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Delete subscriptions of tenants and users that wazo-auth no longer knows',
        body: object({
          dry_run: boolean({
            default: false,
            description: 'Delete nothing, only say what would be.',
          }),
        }),
        response: {
          200: object({ items: array(ShownSubscription), total: integer() }),
          ...failures(400, 401, 503),
        },
      },
    },
    async (request) => {
      requireMaster(request, masterTenant);
      if (wazoAuth === null)
        throw new ApiError('bad-request', 'There is no wazo-auth to ask: auth.type is not wazo');
      // Whoever is made while wazo-auth answers may be in none of its lists. What was made or changed meanwhile is none of
      // these, and judged the next time.
      const present = subscriptions.list();
      const { tenants, users } = await wazoAuth.knownOwners();
      const master = masterTenant.require();
      if (!tenants.has(master))
        throw new ApiError(
          'authentication-server-unreachable',
          `Nothing was deleted: wazo-auth does not even list the master tenant ${master}`,
        );
      const orphans = present.filter(
        ({ ownerTenantUuid, ownerUserUuid }) =>
          !tenants.has(ownerTenantUuid) || (ownerUserUuid !== null && !users.has(ownerUserUuid)),
      );
      const meant = new Set(orphans);
      const gone = request.body.dry_run
        ? orphans
        : await subscriptions.deleteAll((subscription) => meant.has(subscription));
      return { items: gone.map(toOutput), total: gone.length };
    },
  );
}
