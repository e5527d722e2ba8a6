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
import { type Answer, exchange, type ExchangeOptions } from './exchange.ts';
import { LocalMachineError } from './local-machine.ts';
import { planOf, type PlannedRequest, requestFor, requestReturned } from './request.ts';
import { UnsendableError } from './unsendable.ts';

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
    this.#agents = new Agents({ connectTimeout: connectTimeout * 1000 });
    this.#limits = { timeout: timeout * 1000, maxResponseSize, open: new Set() };
  }

  async callback(
    subscription: Subscription,
    event: KeptEvent,
    { signal, delivery, request: returned }: AttemptContext,
  ): Promise<JsonObject> {
    this.#listenTo(signal);
    const request =
      returned === undefined ? makeRequest(subscription, event) : requestReturned(returned);
    const { plan, target } = request;
    const detail = requestDetail(request, delivery.id);
    let answer: Answer;
    try {
      const agent = this.#agents.get(plan.verifyCertificate, subscription.ownerUserUuid !== null);
      answer = await exchange(agent, request, delivery.id, this.#limits);
    } catch (error) {
      detail['error'] = describeError(error, target);
      throw error instanceof LocalMachineError
        ? new HookExpectedError(detail)
        : new HookRetry(detail);
    }
    addAnswer(detail, answer);
    if (answer.status >= 200 && answer.status < 300) return detail;
    detail['error'] = refusal(answer, target);
    // 410 Gone: the endpoint says that it will never be back.
    throw answer.status === 410 ? new HookExpectedError(detail) : new HookRetry(detail);
  }

  dispose(): Promise<void> {
    return this.#agents.close();
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

function makeRequest(subscription: Subscription, event: KeptEvent): PlannedRequest {
  try {
    return requestFor(planOf(subscription), event);
  } catch (error) {
    if (error instanceof UnsendableError) throw new HookExpectedError({ error: error.message });
    throw error;
  }
}
