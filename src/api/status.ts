/** `/1.0/status`: how the daemon is. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { JsonObject } from '../model.ts';
import { open } from '../schema.ts';
import { principalOf } from './auth.ts';
import type { StatusAggregator } from './status-aggregator.ts';
import { failures } from './schemas.ts';

export interface StatusRoutes {
  status: Pick<StatusAggregator, 'collect'>;
  masterTenant: MasterTenant;
}

export function statusRoutes(scope: FastifyInstance, { status, masterTenant }: StatusRoutes): void {
  scope.get(
    '/status',
    {
      schema: {
        tags: ['status'],
        summary: 'Show how the daemon is',
        response: {
          200: open({
            description: 'By part of the daemon: at least `status`, which is ok or fail.',
          }),
          ...failures(401),
        },
      },
    },
    async (request) => {
      const parts = await status.collect();
      const { uuid } = masterTenant;
      const isMaster = uuid !== undefined && principalOf(request).tenantUuid === uuid;
      // Services that nobody provides have names that some tenant wrote.
      if (!isMaster) delete (parts['plugins'] as JsonObject | undefined)?.['missing'];
      return parts;
    },
  );
}
