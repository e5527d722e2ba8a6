/** Talks to a daemon over its REST API. */
import type { Method, RequestError } from 'got';
import { readLocalToken } from '../auth/tokens.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { localTokenFile } from '../daemon/paths.ts';
import { UserError } from '../errors.ts';
import type { RemoteOptions } from './options.ts';

/** Nobody listens where the daemon would: as opposed to one that does not answer, or to others. */
export class NoDaemon extends UserError {
  override readonly name = 'NoDaemon';
}

export type Call = (method: Method, path: string, body?: unknown) => Promise<unknown>;

/**
 * A function that calls the API: `await call('GET', 'subscriptions')`. Throws {@link UserError} with what the daemon says.
 *
 * @param timeout how long an answer may take, ms
 */
export function connect(options: RemoteOptions, timeout = 30_000): Call {
  const { base, secret, local } = destination(options);
  return async (method, path, body) => {
    const { default: got, RequestError } = await import('got');
    const target = `${base}/1.0/${path}`;
    try {
      const response = await got(target, {
        method,
        ...(body === undefined ? {} : { json: body }),
        headers: secret === undefined ? {} : { 'x-auth-token': secret },
        followRedirect: false,
        throwHttpErrors: false,
        retry: { limit: 0 },
        timeout: { request: timeout },
      });
      const answer = response.body === '' ? undefined : parse(response.body, target);
      if (response.ok) return answer;
      throw refused(response.statusCode, answer, local);
    } catch (error) {
      throw error instanceof RequestError ? unanswered(base, error) : error;
    }
  };
}

/** Where the daemon is, and what it is shown. */
function destination({ config: file, url, token }: RemoteOptions) {
  const local = url !== undefined && token !== undefined ? undefined : loadConfig({ file }).config;
  const base = url ?? process.env['WEBHOOKD_URL'] ?? (local ? addressOf(local) : '');
  const secret =
    token ??
    process.env['WEBHOOKD_TOKEN'] ??
    (local ? readLocalToken(localTokenFile(local)) : undefined);
  return { base: base.replace(/\/+$/, ''), secret, local };
}

/**
 * Reads server-sent events until the other side ends, or the signal aborts.
 *
 * @param onData gets the data of each, parsed
 */
export async function follow(
  options: RemoteOptions,
  path: string,
  onData: (data: unknown) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { base, secret, local } = destination(options);
  const { default: got, RequestError } = await import('got');
  const target = `${base}/1.0/${path}`;
  const stream = got.stream(target, {
    headers: secret === undefined ? {} : { 'x-auth-token': secret },
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { connect: 10_000, response: 30_000 },
    ...(signal === undefined ? {} : { signal }),
  });
  let status = 0;
  stream.on('response', ({ statusCode }: { statusCode: number }) => (status = statusCode));
  let rest = '';
  try {
    // A character may come in two chunks.
    for await (const chunk of stream.setEncoding('utf8')) {
      rest += String(chunk);
      if (status !== 200) continue;
      const events = rest.split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events)
        if (event.startsWith('data: ')) onData(parse(event.slice(6), target));
    }
  } catch (error) {
    if (signal?.aborted === true) return;
    throw error instanceof RequestError ? unanswered(base, error) : error;
  }
  if (status !== 200) throw refused(status, parse(rest, target), local);
}

function parse(text: string, target: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UserError(`${target} does not answer with JSON: is that a webhookd?`, 1, {
      cause: error,
    });
  }
}

function unanswered(base: string, { code, message }: RequestError): UserError {
  const text = `no answer from ${base}: ${message}; is the daemon running? See --url`;
  return code === 'ECONNREFUSED' ? new NoDaemon(text) : new UserError(text);
}

function addressOf({ restApi }: Config): string {
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[restApi.listen] ?? restApi.listen;
  const scheme = restApi.certificate === null ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${restApi.port}`;
}

function refused(status: number, answer: unknown, local: Config | undefined): UserError {
  const { message = 'no reason given', details = {} } = (answer ?? {}) as {
    message?: string;
    details?: Record<string, { message?: string }>;
  };
  const lines = Object.entries(details)
    .filter(([, detail]) => typeof detail.message === 'string')
    .map(([field, detail]) => `  ${field}: ${detail.message ?? ''}`);
  const hint =
    status === 401 && local !== undefined
      ? [
          `  The local administrator’s token is in ${localTokenFile(local)}; give another with --token or WEBHOOKD_TOKEN.`,
        ]
      : [];
  return new UserError([`${message} (${status})`, ...lines, ...hint].join('\n'));
}
