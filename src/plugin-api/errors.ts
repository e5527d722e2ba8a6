/** What a plugin throws to say how an attempt ended. */
import type { JsonObject } from '../model.ts';

/** What the service says of an attempt: shown in the subscription's log. */
export type Detail = JsonObject;

/** Marks errors by what they mean, so that a plugin may bring a copy of this module of its own. */
const kindOfError = Symbol.for('webhookd.error-kind');

/** A delivery did not succeed now and is to be tried again as the retry policy says. */
export class HookRetry extends Error {
  override readonly name = 'HookRetry';
  readonly [kindOfError] = 'retry';
  /** Seconds to wait at least before the next attempt. */
  readonly after: number | undefined;
  /** What the attempt told of the endpoint: `down`, `busy`, or nothing (`unknown`); undefined: it works. */
  readonly endpoint: 'down' | 'busy' | 'unknown' | undefined;

  constructor(
    readonly detail: Detail = {},
    options: { after?: number | undefined; endpoint?: HookRetry['endpoint'] } = {},
  ) {
    super('the delivery is to be attempted again');
    this.after = options.after;
    this.endpoint = options.endpoint;
  }
}

/** A delivery failed for good, for a reason the service foresaw: no stack is logged. */
export class HookExpectedError extends Error {
  override readonly name = 'HookExpectedError';
  readonly [kindOfError] = 'expected';
  /** `gone`: the endpoint will never be back, the subscription may be disabled. */
  readonly endpoint: 'gone' | undefined;

  constructor(
    readonly detail: Detail = {},
    options: { endpoint?: 'gone' | undefined } = {},
  ) {
    super('the delivery failed for good');
    this.endpoint = options.endpoint;
  }
}

/** Whether something thrown is a {@link HookRetry}, of whatever copy of this module. */
export function isHookRetry(error: unknown): error is HookRetry {
  return kindOf(error) === 'retry';
}

/** Whether something thrown is a {@link HookExpectedError}, of whatever copy of this module. */
export function isHookExpectedError(error: unknown): error is HookExpectedError {
  return kindOf(error) === 'expected';
}

/**
 * Seconds to wait that a {@link HookRetry} asks for; undefined when that is no number: plugins in JavaScript may ask
 * for anything, such as the date that a header has.
 */
export function pauseIn({ after }: { after?: unknown }): number | undefined {
  const seconds = typeof after === 'string' || typeof after === 'bigint' ? Number(after) : after;
  return typeof seconds === 'number' && !Number.isNaN(seconds) ? seconds : undefined;
}

const retrySigns = ['down', 'busy', 'unknown'] as const;

/** What a {@link HookRetry} tells of the endpoint; undefined when that is no word we know, as of {@link pauseIn}. */
export function signInRetry({ endpoint }: { endpoint?: unknown }): HookRetry['endpoint'] {
  return retrySigns.find((sign) => sign === endpoint);
}

/** The same of a {@link HookExpectedError}. */
export function signInExpected({
  endpoint,
}: {
  endpoint?: unknown;
}): HookExpectedError['endpoint'] {
  return endpoint === 'gone' ? endpoint : undefined;
}

function kindOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Record<symbol, unknown>)[kindOfError]
    : undefined;
}
