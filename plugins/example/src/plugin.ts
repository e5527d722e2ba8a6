/** The service of the plugin guide: it sleeps as long as the subscription says, then logs the event. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptContext, BusEvent, JsonObject, Subscription } from 'webhookd/plugin';

export default class ExampleService {
  static readonly configSchema = {
    type: 'object',
    properties: {
      sleep_time: { type: 'number', minimum: 0, maximum: 3600, default: 0, description: 'seconds' },
    },
  };

  async callback(
    subscription: Subscription,
    event: BusEvent,
    { log, signal }: AttemptContext,
  ): Promise<JsonObject> {
    const { sleep_time: seconds = 0 } = subscription.config as { sleep_time?: number };
    await sleep(seconds * 1000, undefined, { signal });
    log.info(`slept ${seconds} s over ${event.name}`, { subscription: subscription.uuid });
    return { slept: seconds };
  }
}
