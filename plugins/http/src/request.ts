/** What a subscription's options say of the request, worked out once and not at every attempt. */
import type { Subscription } from 'webhookd/plugin';
import type { HttpConfig } from './config.ts';

/** A request but for its body. */
export interface RequestPlan {
  origin: string;
  path: string;
  method: string;
  headers: Record<string, string>;
  /** For the log: without credentials. */
  shownHeaders: Record<string, string>;
  /** The body when the options give one; null: the event's data. */
  body: string | null;
  /** `true`, `false` or a path. */
  verifyCertificate: string;
  /** For the log: without a password. */
  shownUrl: string;
}

/** One plan a version of a subscription's options. */
const plans = new WeakMap<object, RequestPlan>();

/** Throws when the url is none. */
export function planOf({ config }: Pick<Subscription, 'config'>): RequestPlan {
  let plan = plans.get(config);
  if (plan === undefined) plans.set(config, (plan = makePlan(config as unknown as HttpConfig)));
  return plan;
}

function makePlan(config: HttpConfig): RequestPlan {
  if (!URL.canParse(config.url)) throw new Error(`config.url is not a valid URL: ${config.url}`);
  const url = new URL(config.url);
  const body = config.body ?? null;
  const headers: Record<string, string> = {
    'content-type':
      body === null
        ? 'application/json; charset=utf-8'
        : (config.content_type ?? 'text/plain; charset=utf-8'),
    'user-agent': 'webhookd',
  };
  const shownHeaders = { ...headers };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    shownHeaders['authorization'] = '********';
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.password &&= '********';
  }
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: (config.method ?? 'post').toUpperCase(),
    headers,
    shownHeaders,
    body,
    verifyCertificate: config.verify_certificate ?? 'true',
    shownUrl: url.href,
  };
}
