/** Redirects, for those who want them followed. */
import type { Answer } from './exchange.ts';
import { type PlannedRequest, retarget } from './request.ts';
import { UnsendableError } from './unsendable.ts';

export const mostRedirects = 5;

/** The endpoint answers, but never with anything else. */
export class TooManyRedirects extends Error {
  override readonly name = 'TooManyRedirects';

  constructor() {
    super(`more than ${mostRedirects} redirects`);
  }
}

export const isRedirect = ({ status, headers }: Answer): boolean =>
  [301, 302, 303, 307, 308].includes(status) && typeof headers['location'] === 'string';

/**
 * The request that a redirect asks for: with the same method and body when it says so (RFC 9110, 15.4),
 * else a GET. What is meant for the first address alone does not go to another one.
 *
 * @throws UnsendableError when it leads to no address of http
 */
export function redirected(request: PlannedRequest, { status, headers }: Answer): PlannedRequest {
  const { plan, target, body } = request;
  const location = String(headers['location']);
  const from = `${target.origin}${target.path}`;
  if (!URL.canParse(location, from))
    throw new UnsendableError(`a redirect to what is no address: ${location.slice(0, 200)}`);
  const isKept =
    status === 307 || status === 308 || plan.method === 'GET' || plan.method === 'HEAD';
  const to = new URL(location, from);
  const own = to.origin === target.origin ? {} : { certificate: undefined, key: undefined };
  return {
    plan: { ...plan, ...own, ...(isKept ? {} : { method: 'GET' }) },
    target: retarget(target, to),
    body: isKept ? body : { content: '', shown: null },
  };
}
