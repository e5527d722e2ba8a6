/** `/1.0/purge`: lets go of old deliveries now. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { Retention } from '../deliveries/retention.ts';
import { integer, number, object } from '../schema.ts';
import { requireMaster } from './auth.ts';
import { failures } from './schemas.ts';

export interface PurgeRoutes {
  masterTenant: MasterTenant;
  retention: Pick<Retention, 'purge'>;
}

export function purgeRoutes(
  scope: FastifyInstance,
  { masterTenant, retention }: PurgeRoutes,
): void {
  scope.post<{ Body: { days: number } }>(
    '/purge',
    {
      schema: {
        tags: ['status'],
        summary:
          'Remove final deliveries of old events, with their log, and replays that ended long ago',
        body: object({
          days: number({
            minimum: 0,
            maximum: 36_500,
            description: 'What was received longer ago goes.',
          }),
        }),
        response: {
          200: object({
            events: integer(),
            deliveries: integer(),
            attempts: integer(),
            parked: integer({ description: 'How many of the deliveries were never made.' }),
            replays: integer({ description: 'Replays that had ended.' }),
          }),
          ...failures(400, 401, 503),
        },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      return retention.purge(request.body.days);
    },
  );
}
