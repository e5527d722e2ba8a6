/** Bodies that are nested without measure: whoever writes them as JSON again runs out of stack. */
import type { FastifyInstance } from 'fastify';
import { isNestedDeeper } from '../nesting.ts';
import { ApiError } from './errors.ts';

const maxLevels = 200;

/** For all routes of the scope. */
export function limitDepth(scope: FastifyInstance): void {
  scope.addHook('preValidation', (request, _reply, done) => {
    done(
      isNestedDeeper(request.body, maxLevels)
        ? new ApiError('invalid-data', `The body is nested more than ${maxLevels} levels deep`)
        : undefined,
    );
  });
}
