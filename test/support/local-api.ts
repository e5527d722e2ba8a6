/** The API with some of its routes and no daemon: whoever asks is the local administrator. */
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { createApi } from '../../dist/api/server.js';
import { MasterTenant } from '../../dist/auth/master-tenant.js';
import { LocalPrincipal } from '../../dist/auth/tokens.js';
import { loadText } from './config.ts';
import { silentLog } from './logs.ts';

export const masterTenant = new MasterTenant('the master tenant');

/** Closed with the test. */
export async function openLocalApi(
  addRoutes: (scope: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const server = await createApi({
    restApi: loadText().config.restApi,
    authenticator: {
      authenticate: () =>
        Promise.resolve(
          new LocalPrincipal({ tenantUuid: null, userUuid: null }, undefined, masterTenant),
        ),
    },
    isOpen: false,
    addRoutes,
    log: silentLog,
  });
  onTestFinished(() => server.close());
  return server;
}
