/** The http service: every delivery is a request, and whatever is not answered with 2xx is tried again. */
import {
  type AttemptContext,
  type KeptEvent,
  HookExpectedError,
  HookRetry,
  type JsonObject,
  type PluginCradle,
  type Subscription,
} from 'webhookd/plugin';
import { Agents } from './agents.ts';
import { httpConfigSchema } from './config.ts';
import { addAnswer, describeError, refusal, requestDetail } from './detail.ts';
import { Egress, EgressDenied, type EgressRules, HostList } from './egress.ts';
import { type Answer, exchange, TooSlow } from './exchange.ts';
import { isRedirect, mostRedirects, redirected, TooManyRedirects } from './redirect.ts';
import {
  planOf,
  type PlannedRequest,
  requestFor,
  requestReturned,
  type RequestTraits,
  type SignedRequest,
  type Target,
} from './request.ts';
import { retryAfter } from './retry-after.ts';
import { UnsendableError } from './unsendable.ts';

/** The part of the daemon's configuration for this service. */
interface HttpOptions {
  /** seconds */
  connectTimeout: number;
  /** seconds */
  timeout: number;
  /** bytes */
  maxResponseSize: number;
  followRedirects: boolean;
  egress: EgressRules & { proxy: string | null; noProxy: string[] };
}

/** What one attempt is made with. */
interface Means {
  egress: Egress;
  /** ms */
  connectTimeout: number;
  /** When the attempt has to be over, by the clock of `performance`. */
  deadline: number;
  /** seconds */
  timeout: number;
  /** Signs requests, at the time they are sent. */
  context: AttemptContext;
}

export default class HttpService {
  static readonly configSchema = httpConfigSchema;

  readonly #options: HttpOptions;
  readonly #agents = new Agents();
  readonly #egress: Record<'user' | 'admin', Egress>;
  readonly #direct: HostList;
  /** Requests in flight, so that all can be cut at once. */
  readonly #open: ((reason: Error) => void)[] = [];
  #signal: AbortSignal | undefined;

  constructor({ config }: PluginCradle) {
    this.#options = config['http'] as unknown as HttpOptions;
    const { egress } = this.#options;
    this.#egress = {
      user: new Egress(egress.user, egress),
      admin: new Egress(egress.admin, egress),
    };
    this.#direct = new HostList(egress.noProxy);
  }

  endpointOf(subscription: Subscription): string | null {
    try {
      return planOf(subscription).origin;
    } catch (error) {
      if (error instanceof UnsendableError) return null;
      throw error;
    }
  }

  async callback(
    subscription: Subscription,
    event: KeptEvent,
    context: AttemptContext,
  ): Promise<JsonObject> {
    this.#listenTo(context.signal);
    const { request: returned } = context;
    const request =
      returned === undefined ? makeRequest(subscription, event) : requestReturned(returned);
    const means = this.#meansFor(subscription, context);
    const signed = await signRequest(request, context);
    const detail = requestDetail(signed);
    const { answer, origin } = await this.#send(signed, means, detail);
    addAnswer(detail, answer);
    if (answer.status >= 200 && answer.status < 300) return detail;
    detail['error'] = refusal(answer, request.target);
    // 410 Gone: the endpoint says that it will never be back.
    if (answer.status === 410) throw new HookExpectedError(detail, { endpoint: 'gone' });
    const endpoint = origin === request.target.origin ? signOf(answer) : undefined;
    throw new HookRetry(detail, { after: retryAfter(answer), endpoint });
  }

  dispose(): Promise<void> {
    return this.#agents.close();
  }

  #meansFor({ ownerUserUuid, delivery }: Subscription, context: AttemptContext): Means {
    const { timeout, connectTimeout } = this.#options;
    const seconds = delivery.timeout ?? timeout;
    return {
      egress: this.#egress[ownerUserUuid === null ? 'admin' : 'user'],
      connectTimeout: (delivery.connectTimeout ?? connectTimeout) * 1000,
      deadline: performance.now() + seconds * 1000,
      timeout: seconds,
      context,
    };
  }

  /** The answer and who gave it, behind redirects if they are followed; the detail learns why there is none. */
  async #send(
    first: SignedRequest,
    means: Means,
    detail: JsonObject,
  ): Promise<{ answer: Answer; origin: string }> {
    let signed = first;
    try {
      for (let hop = 0; ; hop++) {
        const { target } = signed.request;
        const proxy = this.#proxyFor(target);
        // Behind a proxy it is the proxy that looks names up.
        if (proxy !== undefined) await means.egress.check(target.hostname);
        const answer = await this.#exchange(signed, means, proxy);
        if (!this.#options.followRedirects || !isRedirect(answer))
          return { answer, origin: target.origin };
        if (hop === mostRedirects) throw new TooManyRedirects();
        const request = redirected(signed.request, answer);
        detail['redirected_to'] = request.target.shownUrl;
        signed = await signRequest(request, means.context);
      }
    } catch (error) {
      detail['error'] = describeError(error, signed.request.target);
      if (error instanceof EgressDenied) {
        detail['reason'] = error.reason;
        throw new HookExpectedError(detail);
      }
      if (error instanceof UnsendableError) throw new HookExpectedError(detail);
      // Who sends a request on to somebody else has answered.
      const isElsewhere = signed.request.target.origin !== first.request.target.origin;
      const endpoint = isElsewhere ? undefined : this.#blame(error, means);
      throw new HookRetry(detail, { endpoint });
    }
  }

  /** Whether the endpoint is at fault: others deliver to it too. */
  #blame(error: unknown, means: Means): HookRetry['endpoint'] {
    if (error instanceof TooManyRedirects) return undefined;
    const isOurs =
      error instanceof UnusableFile || isMistrust(error) || this.#isImpatience(error, means);
    return isOurs ? 'unknown' : 'down';
  }

  /** Whether the endpoint had less time than the configuration gives it. */
  #isImpatience(error: unknown, { timeout, connectTimeout }: Means): boolean {
    if (error instanceof TooSlow) return timeout < this.#options.timeout;
    // The headers are those that a proxy answers with when it is asked for a tunnel.
    const isTimeout = /^UND_ERR_(?:CONNECT|HEADERS)_TIMEOUT$/.test(codeOf(error));
    return isTimeout && connectTimeout < this.#options.connectTimeout * 1000;
  }

  #exchange(signed: SignedRequest, means: Means, proxy: string | undefined): Promise<Answer> {
    const { plan } = signed.request;
    const { egress, connectTimeout, deadline, timeout } = means;
    const agent = orUnusable(() =>
      this.#agents.get({
        verify: plan.verifyCertificate,
        certificate: plan.certificate,
        key: plan.key,
        timeout: connectTimeout,
        egress,
        proxy,
      }),
    );
    return exchange(agent, signed, {
      timeout: Math.max(1, deadline - performance.now()),
      told: timeout,
      maxResponseSize: this.#options.maxResponseSize,
      open: this.#open,
    });
  }

  #proxyFor({ hostname }: Target): string | undefined {
    const { proxy } = this.#options.egress;
    return proxy === null || this.#direct.has(hostname) ? undefined : proxy;
  }

  /** One listener for all requests: the daemon gives every attempt the same signal. */
  #listenTo(signal: AbortSignal): void {
    if (this.#signal === signal) return;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const cut of [...this.#open]) cut(new Error('the daemon stops'));
    });
  }
}

/** A file of certificates or keys that cannot be used: no fault of the endpoint. */
class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/**
 * The endpoint's certificate is not trusted, or it does not take ours, or ours is none (`ERR_OSSL_...`): another
 * subscription may get on with it.
 */
const isMistrust = (error: unknown) =>
  /CERT|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^UNABLE_TO_/.test(codeOf(error));

function orUnusable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UnusableFile((error as Error).message, { cause: error });
  }
}

/** What an answer that is no success tells of the endpoint. */
function signOf({ status }: Answer): 'down' | 'busy' | undefined {
  if (status === 429 || status === 502 || status === 504) return 'busy';
  // 407 is what a proxy answers that lets nothing through.
  return status >= 500 || status === 407 ? 'down' : undefined;
}

/**
 * The headers of Standard Webhooks 1.0.0 and of W3C's Trace Context. The id is the same over all attempts:
 * the receiver can tell a repeat.
 */
function signRequest(
  request: PlannedRequest,
  context: AttemptContext,
): SignedRequest | Promise<SignedRequest> {
  const { plan, body } = request;
  const timestamp = Math.floor(Date.now() / 1000);
  const signature =
    plan.signatures.length > 0
      ? context.sign?.(timestamp, body.content, plan.signatures)
      : undefined;
  // The keys of a subscription are known from its first delivery on.
  return typeof signature === 'object'
    ? signature.then((known) => withHeaders(request, context, timestamp, known))
    : withHeaders(request, context, timestamp, signature);
}

function withHeaders(
  request: PlannedRequest,
  { delivery, trace }: AttemptContext,
  timestamp: number,
  signature: string | undefined,
): SignedRequest {
  const { headers, shownHeaders } = request.target;
  const complete = (own: Record<string, string>): Record<string, string> => {
    // A literal that begins with `...own` takes V8 four times as long.
    const all: Record<string, string> = Object.assign({}, own);
    all['webhook-id'] = delivery.id;
    all['webhook-timestamp'] = String(timestamp);
    if (signature !== undefined) all['webhook-signature'] = signature;
    return trace === undefined ? all : Object.assign(all, trace);
  };
  const sent = complete(headers);
  return {
    request,
    headers: sent,
    shownHeaders: shownHeaders === headers ? sent : complete(shownHeaders),
  };
}

const noFiles =
  'config.client_certificate and config.client_key of a user’s subscription must be PEM text: files of the server are not for users';

const namesFile = ({ certificate, key }: RequestTraits) =>
  certificate?.startsWith('/') === true || key?.startsWith('/') === true;

function makeRequest(subscription: Subscription, event: KeptEvent): PlannedRequest {
  try {
    const plan = planOf(subscription);
    if (subscription.ownerUserUuid !== null && namesFile(plan)) throw new UnsendableError(noFiles);
    return requestFor(plan, event);
  } catch (error) {
    if (error instanceof UnsendableError) throw new HookExpectedError({ error: error.message });
    throw error;
  }
}
