/** The API document, made from the routes when somebody asks for it. */
import type { FastifyInstance, RouteOptions } from 'fastify';
import { version } from '../version.ts';

const info = {
  title: 'webhookd',
  version,
  description: 'Subscriptions to events, and the log of their delivery.',
};

/**
 * Remembers every route added from now on.
 *
 * @returns makes the OpenAPI 3.1 document of these routes
 */
export function documentRoutes(server: FastifyInstance): () => Promise<object> {
  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => {
    if (route.schema?.hide !== true && route.method !== 'HEAD' && route.method !== 'OPTIONS')
      routes.push(route);
  });
  let document: Promise<object> | undefined;
  return () => (document ??= makeDocument(routes));
}

/** On a server of its own, which never listens: an idle daemon does not pay for what few ask for. */
async function makeDocument(routes: readonly RouteOptions[]): Promise<object> {
  const [{ fastify }, { default: swagger }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
  ]);
  const server = fastify({ exposeHeadRoutes: false });
  server.setValidatorCompiler(() => () => true);
  server.setSerializerCompiler(() => JSON.stringify);
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ token: [] }, { bearer: [] }],
    },
  });
  for (const { method, url, schema } of routes) {
    server.route({
      method,
      url,
      ...(schema === undefined ? {} : { schema }),
      handler: () => Promise.resolve(),
    });
  }
  await server.ready();
  return server.swagger();
}
