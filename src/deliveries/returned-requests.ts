/**
 * Requests that plugins return. Each becomes a delivery of the same event for the same subscription, kept
 * together with the outcome of the attempt that returned it, and is made by the http service.
 */
import { v7 as uuidv7 } from 'uuid';
import { messageOf } from '../errors.ts';
import type { Delivery, Subscription } from '../model.ts';
import { HookExpectedError, HookRetry } from '../plugin-api/errors.ts';
import { type HttpRequest, reviveHttpRequest } from '../plugin-api/request.ts';
import type { AttemptRecord } from '../store/store.ts';
import type { AttemptResult, AttemptRunner, RunnableService } from './runner.ts';

/** What became of the requests of one attempt. */
export interface MadeRequests {
  deliveries: Delivery[];
  records: AttemptRecord['requests'];
  /** JSON; what the attempt's log shows; undefined: what the service said. */
  detail: string | undefined;
}

export const noneMade: MadeRequests = { deliveries: [], records: [], detail: undefined };

export interface ReturnedRequestsOptions {
  /** The service that makes requests, when it is there. */
  findHttp: () => RunnableService | undefined;
  runner: AttemptRunner;
  /** Requests may hold secrets, and are kept. */
  seal: (text: string) => string;
  /** Throws when it was sealed with a key that is lost. */
  open: (sealed: string) => string;
}

export class ReturnedRequests {
  constructor(private readonly options: ReturnedRequestsOptions) {}

  /** A delivery for each request. */
  make({ subscriptionUuid, event }: Delivery, requests: readonly HttpRequest[]): MadeRequests {
    const deliveries = requests.map((request) => {
      const sealed = this.options.seal(JSON.stringify(request));
      return {
        id: uuidv7(),
        subscriptionUuid,
        event,
        attempts: 0,
        attemptsBefore: 0,
        size: sealed.length,
        request: sealed,
      };
    });
    return {
      deliveries,
      records: deliveries.map(({ id, request }) => ({ id, request })),
      detail: JSON.stringify({
        requests: requests.map(({ method, url }, place) => ({
          delivery: deliveries[place]?.id,
          method,
          url,
        })),
      }),
    };
  }

  /** Makes one attempt to send a request. Never rejects. */
  send(
    subscription: Subscription,
    delivery: Delivery,
    sealed: string,
  ): Promise<AttemptResult | undefined> {
    const { runner, findHttp } = this.options;
    const nobody = new HookRetry(
      { error: 'the http service is not there' },
      { endpoint: 'unknown' },
    );
    const http = findHttp() ?? failing(nobody);
    try {
      const request = reviveHttpRequest(JSON.parse(this.options.open(sealed)) as HttpRequest);
      return runner.run(http, subscription, delivery, request);
    } catch (error) {
      const reason = `the request cannot be read any more: ${messageOf(error)}`;
      return runner.run(failing(new HookExpectedError({ error: reason })), subscription, delivery);
    }
  }
}

/** Stands in for a service that cannot be called. */
const failing = (error: Error): RunnableService => ({
  plugin: '',
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  secrets: {},
  isFull: false,
  endpointOf: () => null,
  redact: (text) => text,
  call: () => Promise.reject(error),
});

const quiet = () => undefined;
