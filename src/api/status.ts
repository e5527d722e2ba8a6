/** `/1.0/status`: how the daemon is. */
import type { FastifyInstance } from 'fastify';
import { open } from '../schema.ts';
import type { StatusAggregator } from './status-aggregator.ts';
import { failures } from './schemas.ts';

export function statusRoutes(
  scope: FastifyInstance,
  aggregator: Pick<StatusAggregator, 'collect'>,
): void {
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
    () => aggregator.collect(),
  );
}
