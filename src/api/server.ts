/** The REST API: a fastify server with every resource, authentication and the API document. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Authenticator } from '../auth/principal.ts';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { compileForRequest } from '../validation.ts';
import { authenticate } from './auth.ts';
import { limitDepth } from './depth.ts';
import { answerBadAddress, answerErrors } from './errors.ts';
import { addSecureHeaders, allowOrigins, refuseForeignPages, secureHeaders } from './headers.ts';
import { limitOptions, limitRequests } from './limits.ts';
import { documentRoutes } from './openapi.ts';

/** How long requests that have begun may take when the server is closed, ms. */
const closingGrace = 2_000;

export interface ApiOptions {
  restApi: Config['restApi'];
  authenticator: Authenticator;
  /** Whether nobody is asked for a token. */
  isOpen: boolean;
  /** Adds routes under `/1.0`, behind authentication; scopes of its own are behind it too. */
  addRoutes: (scope: FastifyInstance) => void | Promise<void>;
  log: Logger;
}

/**
 * Makes the server; it listens only when told to. Throws {@link UserError} when certificate or key cannot
 * be read, and whatever `addRoutes` throws.
 */
export async function createApi(api: ApiOptions): Promise<FastifyInstance> {
  const { restApi, authenticator, isOpen, addRoutes, log } = api;
  const { node, fastify: limits } = limitOptions(restApi);
  const tls = readTls(restApi);
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController,
    bodyLimit: restApi.maxBodySize,
    frameworkErrors: answerBadAddress(secureHeaders(tls !== null)),
    forceCloseConnections: 'idle',
    // Plugins take the time they take.
    pluginTimeout: 0,
    trustProxy: restApi.trustedProxies,
    ...limits,
    ...(tls === null ? { http: node } : { https: { ...node, ...tls } }),
  } as FastifyServerOptions;
  const server = makeServer(options);
  closeInTime(server);
  addSecureHeaders(server, tls !== null);
  limitRequests(server, restApi);
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
  if (isOpen) refuseForeignPages(server, restApi.cors);
  await allowOrigins(server, restApi.cors);
  server.get('/1.0/openapi.json', { schema: { hide: true } }, document);

  // Only while this function runs does a scope that a route makes lie within this one.
  await server.register(
    async (scope) => {
      authenticate(scope, authenticator, { ...restApi, log });
      limitDepth(scope);
      await addRoutes(scope);
    },
    { prefix: '/1.0' },
  );
  return server;
}

function makeServer(options: FastifyServerOptions): FastifyInstance {
  try {
    return fastify(options);
  } catch (error) {
    // The one option that is not checked with the configuration.
    if (!/invalid (IP address|range)/.test(messageOf(error))) throw error;
    throw new UserError(
      `rest_api.trusted_proxies: ${messageOf(error)}; expected addresses and ranges such as 10.0.0.0/8`,
      2,
      { cause: error },
    );
  }
}

/** A server with nothing on it, and nobody asked for a token; as patient as the API. */
export function createBareServer(log: Logger, restApi: Config['restApi']): FastifyInstance {
  const { node, fastify: limits } = limitOptions(restApi);
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController,
    forceCloseConnections: 'idle',
    ...limits,
    http: node,
  } as FastifyServerOptions;
  const server = fastify(options) as unknown as FastifyInstance;
  closeInTime(server);
  addSecureHeaders(server, false);
  return server;
}

/**
 * A server that is closed waits for every connection that is not idle, and no timeout ends one any more: half a
 * request would keep the daemon from stopping. Node's `closeAllConnections` knows none that is still without TLS.
 */
function closeInTime(server: FastifyInstance): void {
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.addHook('preClose', (done) => {
    setTimeout(() => sockets.forEach((socket) => socket.destroy()), closingGrace).unref();
    done();
  });
}

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

function readTls({ certificate, privateKey }: Config['restApi']) {
  if (certificate === null || privateKey === null) return null;
  const read = (key: string, file: string) => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new UserError(`rest_api.${key}: ${file} cannot be read: ${messageOf(error)}`, 2, {
        cause: error,
      });
    }
  };
  return { cert: read('certificate', certificate), key: read('private_key', privateKey) };
}
