/** Bodies that are nested without measure: whoever writes them as JSON again runs out of stack. */
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

const maxLevels = 200;

/** For all routes of the scope. */
export function limitDepth(scope: FastifyInstance): void {
  scope.addHook('preValidation', (request, _reply, done) => {
    const isTooDeep = levelsOf(request.body, maxLevels) > maxLevels;
    done(
      isTooDeep
        ? new ApiError('invalid-data', `The body is nested more than ${maxLevels} levels deep`)
        : undefined,
    );
  });
}

/** How deep a value of JSON is, level by level; not looked at further than one beyond the limit. */
function levelsOf(value: unknown, limit: number): number {
  let levels = 0;
  for (let level = [value].filter(isNesting); level.length > 0 && levels <= limit; levels++)
    level = level.flatMap((one) => Object.values(one)).filter(isNesting);
  return levels;
}

const isNesting = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
