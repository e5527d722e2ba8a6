/** Delivers one event that nobody published, now, to see what the endpoint says. Nothing of it is kept. */
import { v7 as uuidv7 } from 'uuid';
import { wholeDetail } from '../attempt-detail.ts';
import type { AttemptStatus, Delivery, Json, JsonObject, Subscription } from '../model.ts';
import { redactedJson } from '../redacted-json.ts';
import type { AttemptResult, AttemptRunner, RunnableService } from './runner.ts';

/** Nobody provides the service at present, or the daemon stops. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable';
}

export interface SampleOptions {
  runner: AttemptRunner;
  findService: (name: string) => RunnableService | undefined;
}

/** What came of it. */
export interface SampleOutcome {
  status: AttemptStatus;
  detail: JsonObject;
  duration: number;
}

export class SampleDeliveries {
  constructor(private readonly options: SampleOptions) {}

  /** Throws {@link ServiceUnavailable}. */
  async make(
    subscription: Subscription,
    { name, data, headers }: { name: string; data: Json; headers: JsonObject },
  ): Promise<SampleOutcome> {
    const service = this.#serviceOf(subscription.service);
    const dataJson = JSON.stringify(data);
    const event = { name, data, dataJson, headers, originUuid: null, receivedAt: Date.now() };
    const delivery: Delivery = {
      id: uuidv7(),
      subscriptionUuid: subscription.uuid,
      event,
      attempts: 0,
      attemptsBefore: 0,
      size: dataJson.length,
      request: null,
    };
    const began = performance.now();
    const results = await this.#run(service, subscription, delivery);
    const [first] = results;
    if (first === undefined) throw new ServiceUnavailable('the daemon stops');
    const failed = results.find(({ status }) => status !== 'success') ?? first;
    return {
      status: failed.status,
      detail: wholeDetail({ ...failed, detail: redactedJson(failed.detail, service.redact) }, data),
      duration: Math.round(performance.now() - began),
    };
  }

  #serviceOf(name: string): RunnableService {
    const service = this.options.findService(name);
    if (service === undefined)
      throw new ServiceUnavailable(`the service ${name} cannot be called at present`);
    return service;
  }

  /** Requests that the plugin returns are made as well: theirs are the results then. */
  async #run(
    service: RunnableService,
    subscription: Subscription,
    delivery: Delivery,
  ): Promise<AttemptResult[]> {
    const { runner } = this.options;
    const result = await runner.run(service, subscription, delivery);
    if (result === undefined || result.requests.length === 0) return result ? [result] : [];
    const http = this.#serviceOf('http');
    const made = await Promise.all(
      result.requests.map((request) => runner.run(http, subscription, delivery, request)),
    );
    return made.filter((one) => one !== undefined);
  }
}
