/** The REST API: a fastify server with every resource, authentication and the API document. */
import { readFileSync } from 'node:fs';
import cors from '@fastify/cors';
import { fastify, type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Authenticator } from '../auth/principal.ts';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { compileForRequest } from '../validation.ts';
import { authenticate } from './auth.ts';
import { answerBadAddress, answerErrors } from './errors.ts';
import { documentRoutes } from './openapi.ts';

export interface ApiOptions {
  restApi: Config['restApi'];
  authenticator: Authenticator;
  /** Adds routes under `/1.0`, behind authentication; scopes of its own are behind it too. */
  addRoutes: (scope: FastifyInstance) => void | Promise<void>;
  log: Logger;
}

/**
 * Makes the server; it listens only when told to. Throws {@link UserError} when certificate or key cannot
 * be read, and whatever `addRoutes` throws.
 */
export async function createApi(api: ApiOptions): Promise<FastifyInstance> {
  const { restApi, authenticator, addRoutes, log } = api;
  const options: FastifyServerOptions = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController,
    bodyLimit: restApi.maxBodySize,
    requestTimeout: 30_000,
    frameworkErrors: answerBadAddress,
    forceCloseConnections: 'idle',
    // Plugins take the time they take.
    pluginTimeout: 0,
    ...tlsOptions(restApi),
  };
  const server = fastify(options) as unknown as FastifyInstance;
  const document = documentRoutes(server);
  answerErrors(server);
  server.addHook('onResponse', (request, reply, done) => {
    // Without its query, which may hold a token.
    const path = request.url.split('?')[0];
    const { method } = request;
    const duration = Math.round(reply.elapsedTime);
    log.debug({ method, path, status: reply.statusCode, duration }, 'request answered');
    done();
  });
  if (restApi.cors.enabled) {
    const { origins, allowHeaders } = restApi.cors;
    await server.register(cors, {
      origin: origins.includes('*') ? '*' : origins,
      allowedHeaders: allowHeaders,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    });
  }
  server.get('/1.0/openapi.json', { schema: { hide: true } }, document);

  // Only while this function runs does a scope that a route makes lie within this one.
  await server.register(
    async (scope) => {
      authenticate(scope, authenticator);
      await addRoutes(scope);
    },
    { prefix: '/1.0' },
  );
  return server;
}

/** A server with nothing on it, and nobody asked for a token. */
export const createBareServer = (log: Logger): FastifyInstance =>
  fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance;

/** Our own validator, and no serializer: response schemas are for the API document. fastify's are not even loaded. */
const schemaController = {
  compilersFactory: {
    buildValidator:
      () =>
      ({ schema, httpPart }: { schema: object; httpPart?: string }) =>
        compileForRequest(schema, httpPart),
    buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

function tlsOptions({ certificate, privateKey }: Config['restApi']): object {
  if (certificate === null || privateKey === null) return {};
  const read = (key: string, file: string) => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new UserError(`rest_api.${key}: ${file} cannot be read: ${messageOf(error)}`, 2, {
        cause: error,
      });
    }
  };
  return {
    https: { cert: read('certificate', certificate), key: read('private_key', privateKey) },
  };
}
