/** Makes one attempt: calls the service and turns whatever comes of it into an outcome. */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { AttemptStatus, Delivery, Subscription } from '../model.ts';
import {
  type AttemptContext,
  isHookExpectedError,
  isHookRetry,
  type Outcome,
  type PluginLog,
} from '../plugin-api/index.ts';

/** What came of an attempt. */
export interface AttemptResult {
  status: AttemptStatus;
  /** JSON */
  detail: string;
  /** How long to wait at least before another attempt, seconds. */
  after: number | undefined;
}

/** A service as the runner sees it, wherever it runs. */
export interface RunnableService {
  log: PluginLog;
  call(
    subscription: Subscription,
    delivery: Delivery,
    context: AttemptContext,
  ): Outcome | Promise<Outcome>;
}

/** What a plugin says of an attempt is kept with it, up to this many characters of JSON. */
const maxDetail = 2 * 1024 * 1024;

export class AttemptRunner {
  constructor(
    private readonly maxAttempts: number,
    private readonly signal: AbortSignal,
    private readonly log: Logger,
  ) {}

  /** Never rejects. Undefined when the daemon's stop cut the attempt: then it did not count. */
  async run(
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
  ): Promise<AttemptResult | undefined> {
    const context: AttemptContext = {
      delivery: { id: delivery.id },
      attempt: delivery.attempts + 1,
      maxAttempts: this.maxAttempts,
      signal: this.signal,
      log: service.log,
    };
    try {
      const detail = await service.call(subscription, delivery, context);
      return { status: 'success', detail: toJson(detail), after: undefined };
    } catch (error) {
      return this.signal.aborted ? undefined : this.#failed(error, subscription, delivery);
    }
  }

  #failed(error: unknown, subscription: Subscription, delivery: Delivery): AttemptResult {
    if (isHookRetry(error))
      return { status: 'failure', detail: safeJson(error.detail), after: error.after };
    if (isHookExpectedError(error))
      return { status: 'error', detail: safeJson(error.detail), after: undefined };
    this.log.error(
      {
        err: error,
        delivery: delivery.id,
        subscription: subscription.uuid,
        event: delivery.event.name,
      },
      `the service ${subscription.service} threw`,
    );
    return { status: 'error', detail: safeJson({ error: messageOf(error) }), after: undefined };
  }
}

/** Throws when a detail is no JSON or too large: that is a mistake of the plugin. */
function toJson(detail: unknown): string {
  if (detail === undefined || detail === null) return '{}';
  if (typeof detail !== 'object' || Array.isArray(detail)) {
    throw new TypeError(`a service must return an object or nothing, not ${typeof detail}`);
  }
  const json = JSON.stringify(detail);
  if (json.length > maxDetail)
    throw new RangeError(
      `the detail a service returned has ${json.length} characters, ${maxDetail} are allowed`,
    );
  return json;
}

function safeJson(detail: unknown): string {
  try {
    return toJson(detail);
  } catch (error) {
    return JSON.stringify({
      error: `the service gave a detail that cannot be kept: ${messageOf(error)}`,
    });
  }
}
