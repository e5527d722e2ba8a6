/** The HTTP servers of the daemon, with their routes. */
import { lookup } from 'node:dns/promises';
import type { FastifyInstance } from 'fastify';
import { requireMaster } from '../api/auth.ts';
import { rememberAnswers } from '../api/idempotency.ts';
import { addRoutes } from '../api/routes.ts';
import { failures } from '../api/schemas.ts';
import { createApi, createBareServer } from '../api/server.ts';
import { healthRoutes, metricsRoute } from '../observing/server.ts';
import type { Cradle } from './cradle.ts';

/** The REST API. Plugins are started: those that run inside of the daemon may add routes. */
export async function makeApi(cradle: Cradle): Promise<FastifyInstance> {
  const { config, log, authenticator, store, vault, metrics, plugins, masterTenant } = cradle;
  const server = await createApi({
    restApi: config.restApi,
    log,
    authenticator,
    isOpen: config.auth.type === 'none',
    addRoutes: async (scope) => {
      rememberAnswers(scope, {
        store,
        seal: (text, purpose) => vault.seal(text, purpose),
        open: (sealed, purpose) => vault.unseal(sealed, purpose),
      });
      addRoutes(scope, cradle);
      metricsRoute(scope, metrics, {
        schema: {
          tags: ['status'],
          summary: 'What is counted and measured, for Prometheus',
          response: failures(401, 503),
        },
        // They have the subscriptions of all tenants.
        check: (request) => requireMaster(request, masterTenant),
      });
      await plugins.start(scope);
    },
  });
  healthRoutes(server, healthOf(cradle));
  return server;
}

/** For a port of its own, where nobody is asked for a token. */
export function makeMachineServer(cradle: Cradle): FastifyInstance {
  const server = createBareServer(cradle.log, cradle.config.restApi);
  healthRoutes(server, healthOf(cradle));
  metricsRoute(server, cradle.metrics);
  return server;
}

/**
 * Listens on one address. Where a name means several, as `localhost` often does, fastify would listen on the others
 * with servers that lack limits of the first, and are not closed in time.
 *
 * @param host an address, or a name: of its addresses one of IPv4 comes first
 * @returns where it listens, as a URL
 */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  const { address } = await lookup(host, { order: 'ipv4first' });
  return server.listen({ host: address, port });
}

const healthOf = ({ consumer, commits }: Cradle) => ({
  isConsuming: () => consumer.isConsuming,
  storeFailure: () => commits.failure?.message,
});
