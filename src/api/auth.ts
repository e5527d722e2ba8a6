/** Who asks, and for which tenant. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';
import type { Principal, Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook of {@link authenticate}. */
    principal: Principal | null;
  }
}

/** How requests are told apart: by their token, or all alike. */
export type Authentication =
  { type: 'token'; tokens: Tokens } | { type: 'none'; principal: Principal };

/** Every request to the scope has to say who asks. */
export function authenticate(scope: FastifyInstance, authentication: Authentication): void {
  scope.decorateRequest('principal', null);
  scope.addHook('onRequest', (request, _reply, done) => {
    if (authentication.type === 'none') {
      request.principal = authentication.principal;
      done();
      return;
    }
    const token = tokenOf(request);
    const principal = token === undefined ? undefined : authentication.tokens.verify(token);
    request.principal = principal ?? null;
    done(principal === undefined ? unauthorized(token === undefined) : undefined);
  });
}

function unauthorized(isMissing: boolean): ApiError {
  return new ApiError(
    'unauthorized',
    isMissing
      ? 'A token is needed: send it as X-Auth-Token, or as Authorization: Bearer'
      : 'The token is not valid',
  );
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const own = headers['x-auth-token'];
  if (typeof own === 'string' && own !== '') return own;
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** Who asks, in a route behind {@link authenticate}. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error('a route outside of the authenticated scope asks for its principal');
  return request.principal;
}
