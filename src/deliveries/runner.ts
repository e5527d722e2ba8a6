/** Makes one attempt: calls the service and turns whatever comes of it into an outcome. */
import type { Logger } from 'pino';
import { type KeptDetail, keptDetail } from '../attempt-detail.ts';
import { messageOf } from '../errors.ts';
import type { AttemptStatus, Delivery, Json, JsonObject, Subscription } from '../model.ts';
import { traceOf } from '../observing/trace-context.ts';
import type { OpenTelemetry } from '../observing/tracing.ts';
import type { AttemptContext, Outcome, PluginLog, Sign } from '../plugin-api/contract.ts';
import {
  isHookExpectedError,
  isHookRetry,
  pauseIn,
  signInExpected,
  signInRetry,
} from '../plugin-api/errors.ts';
import type { Variables } from '../plugin-api/handled-event.ts';
import { type HttpRequest, isHttpRequest } from '../plugin-api/request.ts';
import type { RetryPolicies } from './retry-policy.ts';

/** What came of an attempt. */
export interface AttemptResult extends KeptDetail {
  status: AttemptStatus;
  /** How long to wait at least before another attempt, seconds. */
  after: number | undefined;
  /** What the attempt told of the endpoint; undefined: it works, or nothing. */
  endpoint: 'down' | 'busy' | 'gone' | 'unknown' | undefined;
  /** Requests the plugin wants to be made. */
  requests: readonly HttpRequest[];
}

/** A service as the runner sees it, wherever it runs. */
export interface RunnableService {
  /** The package. */
  plugin: string;
  log: PluginLog;
  secrets: Variables;
  /** Whether it can take no further call at present. */
  readonly isFull: boolean;
  /** Where the deliveries of a subscription go; null when that depends on the event, or is not known. */
  endpointOf: (subscription: Subscription) => string | null;
  /** Takes secrets out of what is kept of an attempt. */
  redact: (text: string) => string;
  call(
    subscription: Subscription,
    delivery: Delivery,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
}

/** Most requests one attempt may return. */
const maxRequests = 100;

/** What a plugin says of an attempt is kept with it, up to this many characters of JSON. */
const maxDetail = 2 * 1024 * 1024;

export interface RunnerOptions {
  retries: Pick<RetryPolicies, 'of'>;
  /** Cuts what is in flight. */
  signal: AbortSignal;
  /** Signs for a subscription. */
  signer: { signFor(subscriptionUuid: string, deliveryId: string): Sign } | undefined;
  /** undefined: nobody listens. */
  tracing?: Pick<OpenTelemetry, 'attempt'> | undefined;
  log: Logger;
}

export class AttemptRunner {
  constructor(private readonly options: RunnerOptions) {}

  /**
   * Never rejects. Undefined when the daemon's stop cut the attempt: then it did not count.
   *
   * @param request what the service is to send instead of what the subscription says
   */
  run(
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
    request?: HttpRequest,
  ): Promise<AttemptResult | undefined> {
    const { tracing } = this.options;
    if (tracing === undefined) {
      const trace = traceOf(delivery.event.headers);
      return this.#call(service, subscription, delivery, { trace, request });
    }
    const trace = tracing.attempt(subscription, delivery);
    return this.#call(service, subscription, delivery, { trace: trace.context, request }).then(
      (result) => {
        trace.end(result?.status);
        return result;
      },
    );
  }

  async #call(
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
    given: Pick<AttemptContext, 'trace' | 'request'>,
  ): Promise<AttemptResult | undefined> {
    const { retries, signal, signer } = this.options;
    try {
      const context: AttemptContext = {
        trace: given.trace,
        request: given.request,
        delivery: { id: delivery.id },
        attempt: delivery.attempts + 1,
        maxAttempts: delivery.attemptsBefore + retries.of(subscription).maxAttempts,
        signal,
        sign: signer?.signFor(subscription.uuid, delivery.id),
        log: service.log,
        secrets: service.secrets,
      };
      const outcome = await service.call(subscription, delivery, context);
      const requests = requestsIn(outcome);
      if (requests !== undefined) return resultOf('success', nothingSaid, { requests });
      return resultOf('success', toKept(outcome, delivery.event.data));
    } catch (error) {
      return signal.aborted ? undefined : this.#failed(error, service, subscription, delivery);
    }
  }

  #failed(
    error: unknown,
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
  ): AttemptResult {
    const { name, data } = delivery.event;
    if (isHookRetry(error)) {
      const told = { after: pauseIn(error), endpoint: signInRetry(error) };
      return resultOf('failure', safelyKept(error.detail, data), told);
    }
    if (isHookExpectedError(error)) {
      const told = { endpoint: signInExpected(error) };
      return resultOf('error', safelyKept(error.detail, data), told);
    }
    this.options.log.error(
      {
        err: redacted(error, service.redact),
        delivery: delivery.id,
        subscription: subscription.uuid,
        plugin: service.plugin,
        service: subscription.service,
        event: name,
      },
      `the service ${subscription.service} threw`,
    );
    return resultOf('error', safelyKept({ error: messageOf(error) }, data));
  }
}

/** The error without the plugin's secrets; itself when there are none in it. */
function redacted(error: unknown, redact: (text: string) => string): Error {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  const shown = redact(stack);
  if (shown === stack && error instanceof Error) return error;
  return Object.assign(new Error(redact(message)), { stack: shown });
}

const nothingSaid: KeptDetail = { detail: '{}', dataKey: null };

/** What most attempts have nothing to say of. */
type Told = Partial<Pick<AttemptResult, 'after' | 'endpoint' | 'requests'>>;

const resultOf = (
  status: AttemptStatus,
  { detail, dataKey }: KeptDetail,
  { after, endpoint, requests = [] }: Told = {},
): AttemptResult => ({ status, detail, dataKey, after, endpoint, requests });

/** The requests an attempt returned; undefined when it returned something else. */
function requestsIn(outcome: Outcome): readonly HttpRequest[] | undefined {
  const requests = Array.isArray(outcome) ? (outcome as unknown[]) : [outcome];
  if (requests.length === 0 || !requests.every(isHttpRequest)) return undefined;
  if (requests.length > maxRequests)
    throw new RangeError(
      `the service returned ${requests.length} requests, ${maxRequests} are allowed`,
    );
  return requests;
}

/** Throws when a detail is no JSON or too large: that is a mistake of the plugin. */
function toKept(detail: unknown, data: Json): KeptDetail {
  if (detail === undefined || detail === null) return nothingSaid;
  if (typeof detail !== 'object' || Array.isArray(detail)) {
    throw new TypeError(`a service must return an object or nothing, not ${typeof detail}`);
  }
  const kept = keptDetail(detail as JsonObject, data);
  const { length } = kept.detail;
  if (length > maxDetail)
    throw new RangeError(
      `the detail a service returned has ${length} characters, ${maxDetail} are allowed`,
    );
  return kept;
}

function safelyKept(detail: unknown, data: Json): KeptDetail {
  try {
    return toKept(detail, data);
  } catch (error) {
    const reason = `the service gave a detail that cannot be kept: ${messageOf(error)}`;
    return keptDetail({ error: reason }, data);
  }
}
