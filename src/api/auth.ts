/** Asks who sends a request, and whether they may, before any route sees it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accessTo } from '../auth/acl.ts';
import type { MasterTenant } from '../auth/master-tenant.ts';
import { type Authenticator, type Principal, Unauthorized } from '../auth/principal.ts';

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

/** Every request to the scope has to say who asks. */
export function authenticate(scope: FastifyInstance, authenticator: Authenticator): void {
  scope.decorateRequest('principal', null);
  scope.addHook('onRequest', async (request) => {
    const { method, routeOptions, params, headers } = request;
    const tenantUuid = headers['wazo-tenant'];
    const { actsAs = { method, url: routeOptions.url ?? '' } } = routeOptions.config;
    request.principal = await authenticator.authenticate({
      token: tokenOf(request),
      tenantUuid: typeof tenantUuid === 'string' && tenantUuid !== '' ? tenantUuid : undefined,
      access: accessTo(actsAs.method, actsAs.url, params as Record<string, string>),
    });
  });
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
