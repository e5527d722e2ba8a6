/** What a subscription's options say of the request, worked out once and not at every attempt. */
import type { HttpRequest, Json, KeptEvent, SignatureKind, Subscription } from 'webhookd/plugin';
import { encode } from './charset.ts';
import type { HttpAuth, HttpConfig } from './config.ts';
import { completeContentType } from './content-type.ts';
import { decodeBody, isTooDeep } from './json.ts';
import { type EventText, eventText } from './templates.ts';
import { UnsendableError } from './unsendable.ts';

/** Where a request goes. */
export interface Target {
  origin: string;
  hostname: string;
  path: string;
  headers: Record<string, string>;
  /** For the log: without credentials. */
  shownHeaders: Record<string, string>;
  /** For the log: without a password. */
  shownUrl: string;
}

/** What is sent. */
export interface Body {
  content: string | Buffer;
  /** For the log: the text, or the value when it is JSON. */
  shown: Json;
}

/** One request. */
export interface PlannedRequest {
  plan: RequestTraits;
  target: Target;
  body: Body;
}

/** A request with the headers of one attempt. */
export interface SignedRequest {
  request: PlannedRequest;
  headers: Readonly<Record<string, string>>;
  /** For the log: without credentials. */
  shownHeaders: Record<string, string>;
}

/** What holds for all requests of a version of a subscription's options. */
export interface RequestTraits {
  method: string;
  /** `true`, `false` or a path. */
  verifyCertificate: string;
  /** PEM or a path. */
  certificate: string | undefined;
  key: string | undefined;
  signatures: readonly SignatureKind[];
}

/** The same, with what depends on the event. */
export interface RequestPlan extends RequestTraits {
  /** Scheme, host and port when they are the same for every event. */
  origin: string | null;
  targetFor: (event: KeptEvent) => Target;
  bodyFor: (event: KeptEvent) => Body;
}

/** Headers whose values the log does not show: credentials go by many names. */
const isSecret = (name: string) => /auth|cookie|token|secret|passw|api-?key|credential/i.test(name);

/** What goes along to another address than the subscription's: no header of its own may. */
const commonHeaders = ['user-agent', 'content-type'];

const plans = new WeakMap<object, RequestPlan>();

/** @throws UnsendableError when the options describe no request */
export function planOf({ config }: Pick<Subscription, 'config'>): RequestPlan {
  let plan = plans.get(config);
  if (plan === undefined) plans.set(config, (plan = makePlan(config as unknown as HttpConfig)));
  return plan;
}

/** @throws UnsendableError when no request can be made for this event */
export function requestFor(plan: RequestPlan, event: KeptEvent): PlannedRequest {
  return { plan, target: plan.targetFor(event), body: plan.bodyFor(event) };
}

/** A request as a plugin returned it: nothing in it is a template. */
export function requestReturned({ method, url, headers, body }: HttpRequest): PlannedRequest {
  return {
    plan: { method, ...plainTraits },
    target: makeTarget(url, headers),
    body: { content: body ?? '', shown: body === null ? null : decodeBody(body) },
  };
}

const plainTraits = {
  verifyCertificate: 'true',
  certificate: undefined,
  key: undefined,
  signatures: ['v1'],
} as const;

function makePlan(config: HttpConfig): RequestPlan {
  const isDefaultBody = config.body === undefined || config.body === null;
  const { value: contentType, charset } = completeContentType(
    isDefaultBody ? 'application/json' : (config.content_type ?? ''),
  );
  return {
    method: (config.method ?? 'post').toUpperCase(),
    verifyCertificate: config.verify_certificate ?? plainTraits.verifyCertificate,
    certificate: config.client_certificate ?? undefined,
    key: config.client_key ?? undefined,
    signatures: config.signatures ?? plainTraits.signatures,
    origin: originOf(config.url),
    targetFor: targetMaker(config, { 'content-type': contentType, ...authorization(config.auth) }),
    bodyFor: isDefaultBody
      ? bodyOf[config.payload ?? 'data']
      : worked(eventText('body', config.body ?? ''), (text) => makeBody(text, charset)),
  };
}

/** What stands before the first template, if that is a whole origin. */
function originOf(url: string): string | null {
  const [literal = ''] = /^https?:\/\/[^/?#\\{]+(?=[/?#]|$)/i.exec(url.trim()) ?? [];
  return literal !== '' && URL.canParse(literal) ? new URL(literal).origin : null;
}

function authorization(auth: HttpAuth | null | undefined): Record<string, string> {
  if (auth === undefined || auth === null) return {};
  return auth.type === 'bearer'
    ? { authorization: `Bearer ${auth.token}` }
    : { authorization: basic(auth.username, auth.password) };
}

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The user in an address, as a header names him; undefined when there is none. */
export const credentialsIn = ({ username, password }: URL): string | undefined =>
  username === '' && password === '' ? undefined : basic(unescape(username), unescape(password));

function targetMaker(
  { url, headers }: HttpConfig,
  own: Readonly<Record<string, string>>,
): (event: KeptEvent) => Target {
  const address = eventText('url', url);
  const literalUsers = countOf('@', authorityOf(url));
  const texts = Object.entries(headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), eventText(`headers.${name}`, value)] as const,
  );
  const make = (event: KeptEvent): Target => {
    const more = texts.map(([name, text]) => [name, headerValue(name, text, event)] as const);
    const all = Object.fromEntries([...Object.entries(own), ...more]);
    return makeTarget(address.render(event), all, literalUsers);
  };
  const isConstant = address.isConstant && texts.every(([, text]) => text.isConstant);
  return isConstant ? always(make({} as KeptEvent)) : make;
}

const always =
  <T>(value: T) =>
  () =>
    value;

const countOf = (sign: string, text: string) => text.split(sign).length - 1;

/** What stands between the scheme and the path. */
const authorityOf = (url: string) => /^[a-z]+:\/\/([^/?#\\]*)/i.exec(url.trim())?.[1] ?? '';

/** What a template puts into a header must not begin another one. */
function headerValue(name: string, text: EventText, event: KeptEvent): string {
  const value = text.render(event).trim();
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new UnsendableError(`config.headers.${name} has characters that no header can carry`);
  return value;
}

/** What is the same for every event is made now, the rest when the event is there. */
function worked<T>(text: EventText, make: (text: string) => T): (event: KeptEvent) => T {
  if (!text.isConstant) return (event) => make(text.render(event));
  // Nothing is rendered here: any event will do.
  const made = make(text.render({} as KeptEvent));
  return () => made;
}

const bodyOf = {
  data: ({ data, dataJson }: KeptEvent): Body => ({
    content: dataJson,
    shown: isTooDeep(dataJson) ? dataJson : data,
  }),
  envelope: ({ name, data, dataJson, receivedAt }: KeptEvent): Body => {
    const timestamp = new Date(receivedAt).toISOString();
    const content = `{"type":${JSON.stringify(name)},"timestamp":"${timestamp}","data":${dataJson}}`;
    return { content, shown: isTooDeep(dataJson) ? content : { type: name, timestamp, data } };
  },
};

function makeBody(text: string, charset: string): Body {
  return { content: encode(text, charset), shown: decodeBody(text) };
}

/** @param literalUsers how many `@` the configured address has before its path: no event may add one */
function makeTarget(
  text: string,
  own: Readonly<Record<string, string>>,
  literalUsers = Infinity,
): Target {
  if (countOf('@', authorityOf(text)) > literalUsers)
    throw new UnsendableError('config.url: an event must not name the user of an address');
  const url = parseUrl(text.trim());
  const headers: Record<string, string> = { 'user-agent': 'webhookd', ...own };
  const credentials = credentialsIn(url);
  if (credentials !== undefined) {
    headers['authorization'] = credentials;
    url.password &&= '********';
  }
  return {
    origin: url.origin,
    hostname: url.hostname,
    path: `${url.pathname}${url.search}`,
    headers,
    shownHeaders: shown(headers),
    shownUrl: url.href,
  };
}

/** The headers themselves when there is nothing to hide. */
function shown(headers: Record<string, string>): Record<string, string> {
  return !Object.keys(headers).some(isSecret)
    ? headers
    : Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? '********' : value]),
      );
}

/** The same headers for another address, but none of the subscription's own when it is somebody else's. */
export function retarget(target: Target, url: URL): Target {
  const own = Object.entries(target.headers).filter(
    ([name]) => url.origin === target.origin || commonHeaders.includes(name),
  );
  return makeTarget(url.href, Object.fromEntries(own));
}

function parseUrl(text: string): URL {
  // URL's parser takes control characters away without a word.

  if (/[\0-\x1f\x7f]/.test(text) || !/^https?:\/\/[^/?#\\]/i.test(text) || !URL.canParse(text))
    throw new UnsendableError(
      `config.url is not a valid URL: ${text.replace(/\/\/[^/?#\\]*@/, '//********@').slice(0, 1_000)}`,
    );
  return new URL(text);
}

/** Some percent signs in passwords are just percent signs. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
