/** The REST API: a fastify server with every resource, authentication and the API document. */
import { readFileSync } from 'node:fs';
import cors from '@fastify/cors';
import { fastify, type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { compileForRequest } from '../validation.ts';
import { authenticate, type Authentication } from './auth.ts';
import { answerBadAddress, answerErrors } from './errors.ts';
import { documentRoutes } from './openapi.ts';

export interface ApiOptions {
  restApi: Config['restApi'];
  authentication: Authentication;
  log: Logger;
}

export interface ApiServer {
  server: FastifyInstance;
  /** Routes under `/1.0`, behind authentication; more may be added until the server listens. */
  scope: FastifyInstance;
}

/** Makes the server; it listens only when told to. Throws {@link UserError} when certificate or key cannot be read. */
export async function createApi({ restApi, authentication, log }: ApiOptions): Promise<ApiServer> {
  const options: FastifyServerOptions = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController,
    bodyLimit: restApi.maxBodySize,
    requestTimeout: 30_000,
    frameworkErrors: answerBadAddress,
    forceCloseConnections: 'idle',
    ...tlsOptions(restApi),
  };
  const server = fastify(options) as unknown as FastifyInstance;
  const document = documentRoutes(server);
  answerErrors(server);
  if (restApi.cors.enabled) {
    const { origins, allowHeaders } = restApi.cors;
    await server.register(cors, {
      origin: origins.includes('*') ? '*' : origins,
      allowedHeaders: allowHeaders,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    });
  }
  server.get('/1.0/openapi.json', { schema: { hide: true } }, document);

  let scope: FastifyInstance | undefined;
  await server.register(
    (authenticated, _options, done) => {
      authenticate(authenticated, authentication);
      scope = authenticated;
      done();
    },
    { prefix: '/1.0' },
  );
  if (scope === undefined) throw new Error('the authenticated scope was not made');
  return { server, scope };
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
