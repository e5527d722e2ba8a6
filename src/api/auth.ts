/** Asks who sends a request, and whether they may, before any route sees it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { accessTo } from '../auth/acl.ts';
import type { MasterTenant } from '../auth/master-tenant.ts';
import {
  type Authenticator,
  type Principal,
  Unauthorized,
  UnknownToken,
} from '../auth/principal.ts';
import type { Config } from '../config/schema.ts';
import { AddressCounter } from './address-counter.ts';
import { TooManyRequests } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook of {@link authenticate}. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** The route needs what another one needs: who may update a subscription may see its secret. */
    actsAs?: { method: string; url: string };
  }
}

type FailureLimits = Pick<Config['restApi'], 'maxAuthFailures' | 'authFailureWindow'> & {
  log: Logger;
};

/** Every request to the scope has to say who asks. */
export function authenticate(
  scope: FastifyInstance,
  authenticator: Authenticator,
  limits: FailureLimits,
): void {
  const refuse = refusal(limits);
  scope.decorateRequest('principal', null);
  scope.addHook('onRequest', async (request) => {
    const { method, routeOptions, params, headers } = request;
    const tenantUuid = headers['wazo-tenant'];
    const { actsAs = { method, url: routeOptions.url ?? '' } } = routeOptions.config;
    try {
      request.principal = await authenticator.authenticate({
        token: tokenOf(request),
        tenantUuid: typeof tenantUuid === 'string' && tenantUuid !== '' ? tenantUuid : undefined,
        access: accessTo(actsAs.method, actsAs.url, params as Record<string, string>),
      });
    } catch (error) {
      throw error instanceof UnknownToken ? refuse(error, request.ip) : error;
    }
  });
}

/**
 * What a request without a valid token is answered: too many of one address get 429.
 *
 * Only what fails is counted and refused. A valid token passes whatever its address did before, so that nobody who
 * shares an address with the administrator can lock them out. Guessing 256 bits is hopeless at any rate; what this
 * is good for is that somebody is told, and that a client with an old token is told to calm down.
 */
function refusal({ maxAuthFailures, authFailureWindow, log }: FailureLimits) {
  if (maxAuthFailures === null) return (error: UnknownToken) => error;
  const failures = new AddressCounter(maxAuthFailures, authFailureWindow * 1000);
  return (error: UnknownToken, address: string) => {
    const { count, isOver, retryAfter } = failures.add(address);
    if (!isOver) return error;
    if (count === maxAuthFailures + 1)
      log.warn(
        { address, failures: count },
        `more than ${maxAuthFailures} requests of ${address} had no valid token: further ones are answered 429 for ${retryAfter} s`,
      );
    return new TooManyRequests('Too many requests without a valid token', retryAfter);
  };
}

/** In a header, or in the query as wazo-auth's clients may send it. */
function tokenOf({ headers, query }: FastifyRequest): string | undefined {
  const own = headers['x-auth-token'] ?? (query as Record<string, unknown>)['token'];
  if (typeof own === 'string' && own !== '') return own;
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** Who asks, in a route behind {@link authenticate}. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error('a route outside of the authenticated scope asks for its principal');
  return request.principal;
}

/** For routes about the daemon as a whole. Throws {@link Unauthorized}. */
export function requireMaster(request: FastifyRequest, masterTenant: MasterTenant): void {
  if (principalOf(request).tenantUuid !== masterTenant.require())
    throw new Unauthorized('This is for the master tenant only');
}

/** The user who asks. Throws {@link Unauthorized} when the token belongs to nobody. */
export function userOf(request: FastifyRequest): Principal & { userUuid: string } {
  const principal = principalOf(request);
  if (principal.userUuid === null) throw new Unauthorized('The token belongs to no user');
  return principal as Principal & { userUuid: string };
}
