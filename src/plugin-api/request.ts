/** Requests that a plugin returns instead of making them: the daemon does, like any delivery of the http service. */

/** One request to be made. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in UTF-8; null: no body. */
  readonly body: string | null;
}

export interface HttpRequestOptions {
  /** Sent as JSON, with the Content-Type that belongs to it. */
  json?: unknown;
  /** Sent as it is; not together with `json`. */
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

/** Marks a request, of whatever copy of this module. */
const mark = Symbol.for('webhookd.http-request');

const limits = { url: 8192, headers: 64, headerValue: 8192, body: 1_048_576 };

/** Headers that belong to the connection, or say what the daemon itself vouches for. */
const reserved =
  /^(host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|expect|proxy-.*|webhook-.*|traceparent|tracestate)$/i;

/**
 * Describes a request.
 *
 * @throws TypeError when it could not be sent: a mistake of the plugin
 */
function describe(method: string, url: string, options: HttpRequestOptions = {}): HttpRequest {
  const { json, body = null, headers = {} } = options;
  if (json !== undefined && body !== null)
    throw new TypeError('a request has either `json` or `body`');
  const type = json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  const request = {
    method: method.toUpperCase(),
    url,
    headers: { ...type, ...lowerKeys(headers) },
    body: json === undefined ? body : JSON.stringify(json),
  };
  return reviveHttpRequest(request);
}

/**
 * A request from its values, as they come from another process or from the store.
 *
 * @throws TypeError when it could not be sent
 */
export function reviveHttpRequest({ method, url, headers, body }: HttpRequest): HttpRequest {
  const request = { method, url, headers, body };
  checkHttpRequest(request);
  return Object.freeze(Object.defineProperty(request, mark, { value: true }));
}

/** `return request.post(url, { json })`. */
export const request = Object.freeze({
  get: (url: string, options?: HttpRequestOptions) => describe('GET', url, options),
  head: (url: string, options?: HttpRequestOptions) => describe('HEAD', url, options),
  post: (url: string, options?: HttpRequestOptions) => describe('POST', url, options),
  put: (url: string, options?: HttpRequestOptions) => describe('PUT', url, options),
  patch: (url: string, options?: HttpRequestOptions) => describe('PATCH', url, options),
  delete: (url: string, options?: HttpRequestOptions) => describe('DELETE', url, options),
});

/** Whether something returned is a request made with {@link request}. */
export function isHttpRequest(value: unknown): value is HttpRequest {
  return typeof value === 'object' && value !== null && mark in value;
}

/** Throws TypeError with what is wrong. */
function checkHttpRequest({ method, url, headers, body }: HttpRequest): void {
  if (!/^(GET|HEAD|POST|PUT|PATCH|DELETE)$/.test(method))
    throw new TypeError(`${JSON.stringify(method)} is no method of a request`);
  if (url.length > limits.url || /[\0-\x20\x7f]/.test(url) || !/^https?:\/\/[^/?#\\]/i.test(url))
    throw new TypeError(`not an http or https URL: ${JSON.stringify(url.slice(0, 200))}`);
  if (!URL.canParse(url)) throw new TypeError(`not a valid URL: ${JSON.stringify(url)}`);
  const names = Object.keys(headers);
  if (names.length > limits.headers)
    throw new TypeError(`${names.length} headers, ${limits.headers} are allowed`);
  for (const name of names) checkHeader(name, headers[name]);
  if (body !== null && (typeof body !== 'string' || body.length > limits.body))
    throw new TypeError(`the body has to be a string of at most ${limits.body} characters`);
}

/** Why a header of this name cannot be set; undefined when it can. */
export function mistakeInHeaderName(name: string): string | undefined {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/.test(name)) return 'is no name of a header';
  return reserved.test(name) ? 'is a header that only the daemon sets' : undefined;
}

function checkHeader(name: string, value: unknown): void {
  const mistake = mistakeInHeaderName(name);
  if (mistake !== undefined) throw new TypeError(`${JSON.stringify(name)} ${mistake}`);
  if (
    typeof value !== 'string' ||
    value.length > limits.headerValue ||
    /[^\t\x20-\x7e\x80-\xff]/.test(value)
  )
    throw new TypeError(`the header ${name} has a value that cannot be sent`);
}

const lowerKeys = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
