/** Every error the API answers with, in one form and one table. */
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { AuthUnreachable, MasterTenantUnknown, Unauthorized } from '../auth/principal.ts';
import { ServiceUnavailable } from '../deliveries/sample-delivery.ts';
import { messageOf } from '../errors.ts';
import { NoSuchPlugin, PluginRefused } from '../plugins/refusals.ts';
import { QueryTooLong, StoreUnavailable } from '../store/store.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import { InvalidSubscription, NoSuchSubscription, type Problem } from '../subscriptions/service.ts';

/** The codes of errors with their HTTP status: clients may rely on both. */
export const errorTable = {
  'invalid-data': 400,
  'invalid-json': 400,
  'bad-request': 400,
  'search-too-long': 400,
  unauthorized: 401,
  'no-such-subscription': 404,
  'no-such-token': 404,
  'no-such-delivery': 404,
  'no-such-replay': 404,
  'no-such-message': 404,
  'no-such-plugin': 404,
  'no-such-variable': 404,
  'not-found': 404,
  'plugin-refused': 409,
  conflict: 409,
  'request-timeout': 408,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  'too-many-requests': 429,
  'headers-too-large': 431,
  'internal-error': 500,
  'store-unavailable': 503,
  'bus-unavailable': 503,
  'authentication-server-unreachable': 503,
  'master-tenant-not-initialized': 503,
} as const;

export type ErrorId = keyof typeof errorTable;

/** An answer other than success. */
export class ApiError extends Error {
  constructor(
    readonly errorId: ErrorId,
    message: string,
    readonly details: object = {},
  ) {
    super(message);
  }
}

/** Too much from one address. */
export class TooManyRequests extends ApiError {
  /** @param retryAfter seconds */
  constructor(
    message: string,
    readonly retryAfter: number,
  ) {
    super('too-many-requests', `${message}; ask again in ${retryAfter} s`);
  }
}

/** The body of every error. */
export interface ErrorBody {
  message: string;
  error_id: string;
  details: object;
  /** Seconds since the epoch. */
  timestamp: number;
}

/** By field: what is wrong and which constraint says so. */
function problemDetails(problems: readonly Problem[]): object {
  return Object.fromEntries(
    problems.map(({ field, message, constraint, limit }) => [
      field,
      { message, constraint_id: constraint, constraint: limit ?? constraint },
    ]),
  );
}

function asApiError(error: FastifyError | Error): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof NoSuchSubscription) {
    return new ApiError('no-such-subscription', error.message, { subscription_uuid: error.uuid });
  }
  if (error instanceof InvalidSubscription) return invalid(error.problems);
  if (error instanceof NoSuchPlugin)
    return new ApiError('no-such-plugin', error.message, { plugin: error.plugin });
  if (error instanceof ServiceUnavailable) return new ApiError('conflict', error.message);
  if (error instanceof PluginRefused) return new ApiError('plugin-refused', error.message);
  if (error instanceof Unauthorized) return new ApiError('unauthorized', error.message);
  if (error instanceof AuthUnreachable)
    return new ApiError('authentication-server-unreachable', error.message);
  if (error instanceof MasterTenantUnknown)
    return new ApiError('master-tenant-not-initialized', error.message);
  if (error instanceof QueryTooLong) return new ApiError('search-too-long', error.message);
  if (error instanceof StoreUnavailable) {
    return new ApiError(
      'store-unavailable',
      `Nothing can be stored at present: ${messageOf(error)}`,
    );
  }
  const { validation, statusCode, code } = error as FastifyError;
  if (validation !== undefined) return invalid(problemsFrom(validation as never));
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new ApiError('body-too-large', 'The request body is too large');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new ApiError('unsupported-media-type', 'The body must be application/json');
  if (
    error instanceof SyntaxError ||
    code === 'FST_ERR_CTP_INVALID_JSON_BODY' ||
    code === 'FST_ERR_CTP_EMPTY_JSON_BODY'
  ) {
    return new ApiError('invalid-json', `The body is not valid JSON: ${error.message}`);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new ApiError('bad-request', error.message);
  return new ApiError('internal-error', 'An error happened in the daemon; its log says more');
}

function invalid(problems: readonly Problem[]): ApiError {
  const [first] = problems;
  const summary = first === undefined ? '' : `: ${first.field} ${first.message}`;
  return new ApiError('invalid-data', `Sent data is invalid${summary}`, problemDetails(problems));
}

export const errorBody = ({ errorId, message, details }: ApiError): ErrorBody => ({
  message,
  error_id: errorId,
  details,
  timestamp: Date.now() / 1000,
});

function send(reply: FastifyReply, error: ApiError): FastifyReply {
  if (error instanceof TooManyRequests) reply.header('retry-after', error.retryAfter);
  return reply.status(errorTable[error.errorId]).type('application/json').send(errorBody(error));
}

/**
 * For errors in the address itself, which fastify finds before any handler or hook: `/%ff`.
 *
 * @param headers of every answer, which a hook adds to others
 */
export const answerBadAddress =
  (headers: Record<string, string>) =>
  (error: FastifyError, _request: unknown, reply: FastifyReply): void => {
    void send(reply.headers(headers), asApiError(error));
  };

/** Makes the server answer every error in our form. */
export function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = asApiError(error);
    if (answer.errorId === 'internal-error') request.log.error({ err: error }, 'request failed');
    return send(reply, answer);
  });
  server.setNotFoundHandler((request, reply) =>
    send(
      reply,
      new ApiError('not-found', `There is no ${request.method} ${request.url.split('?')[0] ?? ''}`),
    ),
  );
}
