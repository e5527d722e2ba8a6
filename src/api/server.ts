/** The REST API: a fastify server with every resource, authentication and the API document. */
import { readFileSync } from 'node:fs';
import cors from '@fastify/cors';
import swagger from '@fastify/swagger';
import { fastify, type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { compileForRequest } from '../validation.ts';
import { version } from '../version.ts';
import { authenticate, type Authentication } from './auth.ts';
import { answerErrors } from './errors.ts';

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
    bodyLimit: restApi.maxBodySize,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    ...tlsOptions(restApi),
  };
  const server = fastify(options) as unknown as FastifyInstance;
  useValidators(server);
  answerErrors(server);
  if (restApi.cors.enabled) {
    const { origins, allowHeaders } = restApi.cors;
    await server.register(cors, {
      origin: origins.includes('*') ? '*' : origins,
      allowedHeaders: allowHeaders,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    });
  }
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'webhookd', version, description: 'Subscriptions to events, and the log of their delivery.' },
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ token: [] }, { bearer: [] }],
    },
  });
  server.get('/1.0/openapi.json', { schema: { hide: true } }, () => Promise.resolve(server.swagger()));

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

function useValidators(server: FastifyInstance): void {
  server.setValidatorCompiler(({ schema, httpPart }) => compileForRequest(schema as object, httpPart));
  // Response schemas are for the API document; what is sent is our own.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

function tlsOptions({ certificate, privateKey }: Config['restApi']): object {
  if (certificate === null || privateKey === null) return {};
  const read = (key: string, file: string) => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new UserError(`rest_api.${key}: ${file} cannot be read: ${messageOf(error)}`, 2, { cause: error });
    }
  };
  return { https: { cert: read('certificate', certificate), key: read('private_key', privateKey) } };
}
