/** Who subscribes to what: the same for the same seed. */
import type { BadEndpoints } from '../bench/bad-endpoints.ts';

export const rate = 300;

export const eventNames = Array.from({ length: 100 }, (_, index) => `soak_event_${index}`);

/** Where nothing listens. */
const refusing = 'http://127.0.0.1:1/';

/** The subscription that the plugin delivers for. */
export const pluginSubscription = 199;

export interface PlannedSubscription {
  number: number;
  events: string[];
  /** Where to; null: to the sink. */
  failsAt: string | null;
}

/**
 * 200 subscriptions, two or more to every name: 20 of the first 99 fail, each in one of five ways; the last
 * one is the plugin's and wants ten names.
 */
export function planSubscriptions(random: () => number, bad: BadEndpoints): PlannedSubscription[] {
  const ways = [bad.never, bad.error, bad.reset, bad.flaky, refusing];
  const numbers = Array.from({ length: 99 }, (_, number) => number);
  const failing = new Map(
    ways
      .flatMap((way) => Array<string>(4).fill(way))
      .map((way) => [numbers.splice(Math.floor(random() * numbers.length), 1)[0], way]),
  );
  return Array.from({ length: 200 }, (_, number) => ({
    number,
    events:
      number === pluginSubscription
        ? eventNames.slice(-10)
        : [eventNames[number % eventNames.length] ?? ''],
    failsAt: failing.get(number) ?? null,
  }));
}

/** A third-party plugin: it makes every second request itself and returns the others to the daemon. */
export const pluginCode = (version: number) => `
  import { request } from 'webhookd/plugin';
  export default class {
    async callback({ config }, { data }, { signal }) {
      if (data.id % 2 === 0) return request.post(config.url, { json: data });
      const response = await fetch(config.url, { method: 'POST', body: JSON.stringify(data), signal });
      if (!response.ok) throw new Error('status ' + response.status);
      return { version: ${version} };
    }
  }`;
