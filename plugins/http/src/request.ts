/** What a subscription's options say of the request, worked out once and not at every attempt. */
import type { HttpRequest, Json, KeptEvent, Subscription } from 'webhookd/plugin';
import { encode } from './charset.ts';
import type { HttpConfig } from './config.ts';
import { completeContentType } from './content-type.ts';
import { decodeBody, isTooDeep } from './json.ts';
import { type EventText, eventText } from './templates.ts';
import { UnsendableError } from './unsendable.ts';

/** Where a request goes. */
export interface Target {
  origin: string;
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
  plan: Pick<RequestPlan, 'method' | 'verifyCertificate'>;
  target: Target;
  body: Body;
}

/** What holds for all deliveries of a version of a subscription's options. */
export interface RequestPlan {
  method: string;
  /** `true`, `false` or a path. */
  verifyCertificate: string;
  targetFor: (event: KeptEvent) => Target;
  bodyFor: (event: KeptEvent) => Body;
}

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
  const target = makeTarget(url, headers);
  const { authorization } = headers;
  if (authorization !== undefined) target.shownHeaders['authorization'] = '********';
  return {
    plan: { method, verifyCertificate: 'true' },
    target,
    body: { content: body ?? '', shown: body === null ? null : decodeBody(body) },
  };
}

function makePlan(config: HttpConfig): RequestPlan {
  const isDefaultBody = config.body === undefined || config.body === null;
  const { value: contentType, charset } = completeContentType(
    isDefaultBody ? 'application/json' : (config.content_type ?? ''),
  );
  return {
    method: (config.method ?? 'post').toUpperCase(),
    verifyCertificate: config.verify_certificate ?? 'true',
    targetFor: worked(eventText('url', config.url), (url) =>
      makeTarget(url, { 'content-type': contentType }),
    ),
    bodyFor: isDefaultBody
      ? defaultBody
      : worked(eventText('body', config.body ?? ''), (text) => makeBody(text, charset)),
  };
}

/** What is the same for every event is made now, the rest when the event is there. */
function worked<T>(text: EventText, make: (text: string) => T): (event: KeptEvent) => T {
  if (!text.isConstant) return (event) => make(text.render(event));
  // Nothing is rendered here: any event will do.
  const made = make(text.render({} as KeptEvent));
  return () => made;
}

function defaultBody({ data, dataJson }: KeptEvent): Body {
  return { content: dataJson, shown: isTooDeep(dataJson) ? dataJson : data };
}

function makeBody(text: string, charset: string): Body {
  return { content: encode(text, charset), shown: decodeBody(text) };
}

function makeTarget(text: string, own: Readonly<Record<string, string>>): Target {
  const url = parseUrl(text.trim());
  const headers: Record<string, string> = { 'user-agent': 'webhookd', ...own };
  const shownHeaders = { ...headers };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${unescape(url.username)}:${unescape(url.password)}`;
    shownHeaders['authorization'] = '********';
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.password &&= '********';
  }
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers,
    shownHeaders,
    shownUrl: url.href,
  };
}

function parseUrl(text: string): URL {
  // URL's parser takes control characters away without a word.

  if (/[\0-\x1f\x7f]/.test(text) || !/^https?:\/\/[^/?#\\]/i.test(text) || !URL.canParse(text))
    throw new UnsendableError(`config.url is not a valid URL: ${text}`);
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
