/** What every answer tells a browser that shows it all the same. */
import { isIP } from 'node:net';
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { Unauthorized } from '../auth/principal.ts';
import type { Config } from '../config/schema.ts';

/** A year; of this host alone, since others of its domain may not speak HTTPS. */
const strictTransport = 'max-age=31536000';

/** @param isHttps whether the server speaks HTTPS itself */
export const secureHeaders = (isHttps: boolean): Record<string, string> => ({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  ...(isHttps ? { 'strict-transport-security': strictTransport } : {}),
});

/** To be called before anything else is added: what is answered early has these headers as well. */
export function addSecureHeaders(server: FastifyInstance, isHttps: boolean): void {
  const headers = secureHeaders(isHttps);
  server.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

/**
 * Lets pages of the configured origins ask. Credentials of the browser (cookies) play no part: a page has to have
 * a token to send.
 */
export async function allowOrigins(
  server: FastifyInstance,
  { enabled, origins, allowHeaders }: Config['restApi']['cors'],
): Promise<void> {
  if (!enabled || origins.length === 0) return;
  await server.register(cors, {
    origin: origins.includes('*') ? '*' : origins,
    allowedHeaders: allowHeaders,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  });
}

/**
 * Where nobody is asked for a token, only this keeps the pages that somebody on this machine looks at from giving
 * orders: a browser sends some requests of any page without asking first, and a page's own name may be made to
 * lead here.
 */
export function refuseForeignPages(
  server: FastifyInstance,
  { enabled, origins }: Config['restApi']['cors'],
): void {
  const allowed = new Set(enabled ? origins : []);
  server.addHook('onRequest', (request, _reply, done) => {
    const { host = '', origin } = request.headers;
    if (!isNumberOrLocalhost(host))
      throw new Unauthorized(
        `Without tokens the API answers to localhost and to addresses, not to ${host}`,
      );
    const isOwn = origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
    if (!isOwn && !allowed.has(origin) && !allowed.has('*'))
      throw new Unauthorized(
        `Pages of ${origin} may not ask: rest_api.cors.origins does not have it`,
      );
    done();
  });
}

function isNumberOrLocalhost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === '' || name === 'localhost' || isIP(name) !== 0;
}
