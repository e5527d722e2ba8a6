/** The http service: every delivery is a request, and whatever is not answered with 2xx is tried again. */
import { STATUS_CODES } from 'node:http';
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
import { type Answer, exchange, type ExchangeOptions } from './exchange.ts';
import { planOf, type RequestPlan } from './request.ts';

/** The part of the daemon's configuration for this service. */
interface HttpOptions {
  /** seconds */
  connectTimeout: number;
  /** seconds */
  timeout: number;
  /** bytes */
  maxResponseSize: number;
}

export default class HttpService {
  static readonly configSchema = httpConfigSchema;

  readonly #limits: ExchangeOptions;
  readonly #agents: Agents;
  #signal: AbortSignal | undefined;

  constructor({ config }: PluginCradle) {
    const { connectTimeout, timeout, maxResponseSize } = config['http'] as unknown as HttpOptions;
    this.#agents = new Agents(connectTimeout * 1000);
    this.#limits = { timeout: timeout * 1000, maxResponseSize, open: new Set() };
  }

  async callback(
    subscription: Subscription,
    event: KeptEvent,
    { signal, delivery }: AttemptContext,
  ): Promise<JsonObject> {
    this.#listenTo(signal);
    const plan = this.#plan(subscription);
    const body = plan.body ?? event.dataJson;
    const request = requestDetail(plan, delivery.id, body);
    let answer: Answer;
    try {
      answer = await exchange(
        this.#agents.get(plan.verifyCertificate),
        { plan, deliveryId: delivery.id, body },
        this.#limits,
      );
    } catch (error) {
      throw new HookRetry({ ...request, error: describe(error, plan) });
    }
    const detail = { ...request, ...responseDetail(answer) };
    if (answer.status >= 200 && answer.status < 300) return detail;
    const failed = { ...detail, error: refusal(answer, plan) };
    // 410 Gone: the endpoint says that it will never be back.
    throw answer.status === 410 ? new HookExpectedError(failed) : new HookRetry(failed);
  }

  dispose(): Promise<void> {
    return this.#agents.close();
  }

  #plan(subscription: Subscription): RequestPlan {
    try {
      return planOf(subscription);
    } catch (error) {
      throw new HookExpectedError({ error: (error as Error).message });
    }
  }

  /** One listener for all requests: the daemon gives every attempt the same signal. */
  #listenTo(signal: AbortSignal): void {
    if (this.#signal === signal) return;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const cut of this.#limits.open) cut(new Error('the daemon stops'));
    });
  }
}

function requestDetail(
  { method, shownUrl, shownHeaders }: RequestPlan,
  deliveryId: string,
  body: string,
): JsonObject {
  return {
    request_method: method,
    request_url: shownUrl,
    request_headers: { ...shownHeaders, 'webhook-id': deliveryId },
    request_body: body,
  };
}

function responseDetail({ status, headers, body, isTruncated }: Answer): JsonObject {
  return {
    response_status_code: status,
    response_headers: headers as JsonObject,
    response_body: body,
    ...(isTruncated ? { response_body_truncated: true } : {}),
  };
}

/** `410 Client Error: Gone for url: http://example.com/` */
function refusal({ status, reason }: Answer, { shownUrl }: RequestPlan): string {
  const phrase = reason === '' ? (STATUS_CODES[status] ?? 'Unknown') : reason;
  const kind =
    status >= 500 ? 'Server Error' : status >= 400 ? 'Client Error' : 'Unexpected Status';
  return `${status} ${kind}: ${phrase} for url: ${shownUrl}`;
}

/** Node's message names address and port; with several addresses only the code is left. */
function describe(error: unknown, { shownUrl }: RequestPlan): string {
  const { message = '', code } = error as { message?: string; code?: string };
  return `${message === '' ? (code ?? 'the request failed') : message} for url: ${shownUrl}`;
}
