/** What a request may not be: too large, too slow, too many. */
import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import { AddressCounter } from './address-counter.ts';
import { ApiError, errorBody, type ErrorId, errorTable, TooManyRequests } from './errors.ts';
import { secureHeaders } from './headers.ts';

type Limits = Pick<
  Config['restApi'],
  | 'maxHeaderSize'
  | 'headerTimeout'
  | 'requestTimeout'
  | 'keepAliveTimeout'
  | 'maxConnections'
  | 'maxRequestsPerMinute'
>;

/** For fastify and for the server of Node's below it, HTTP or HTTPS. */
export function limitOptions(limits: Limits) {
  const requestTimeout = limits.requestTimeout * 1000;
  const headersTimeout = Math.min(limits.headerTimeout * 1000, requestTimeout);
  const node: ServerOptions = {
    maxHeaderSize: limits.maxHeaderSize,
    headersTimeout,
    requestTimeout,
    // Late by a quarter at most; Node's own 30 s would make these timeouts nearly meaningless.
    connectionsCheckingInterval: Math.max(50, Math.min(5_000, headersTimeout / 4)),
  };
  return {
    node,
    fastify: {
      requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout * 1000,
      clientErrorHandler: answerBrokenRequest,
    },
  };
}

/** To be called before anything else is added. */
export function limitRequests(server: FastifyInstance, limits: Limits): void {
  server.server.maxConnections = limits.maxConnections;
  if (limits.maxRequestsPerMinute === null) return;
  const requests = new AddressCounter(limits.maxRequestsPerMinute, 60_000);
  server.addHook('onRequest', (request, _reply, done) => {
    const { isOver, retryAfter } = requests.add(request.ip);
    if (isOver) throw new TooManyRequests('Too many requests from this address', retryAfter);
    done();
  });
}

/** What Node's parser gave up on; nobody but the socket is left to answer to. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const { errorId, message } = brokenRequest(error.code);
  const status = errorTable[errorId];
  const body = JSON.stringify(errorBody(new ApiError(errorId, message)));
  const headers = {
    ...secureHeaders(false),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${words[status] ?? ''}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

const words: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function brokenRequest(code: string | undefined): { errorId: ErrorId; message: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { errorId: 'request-timeout', message: 'The request did not arrive in time' };
  if (code === 'HPE_HEADER_OVERFLOW')
    return { errorId: 'headers-too-large', message: 'The headers of the request are too large' };
  return { errorId: 'bad-request', message: 'This is no HTTP request' };
}
