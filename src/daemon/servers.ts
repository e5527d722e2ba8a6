/** The HTTP servers of the daemon, with their routes; they do not listen yet. */
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

const healthOf = ({ consumer, commits }: Cradle) => ({
  isConsuming: () => consumer.isConsuming,
  storeFailure: () => commits.failure?.message,
});
