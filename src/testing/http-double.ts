/** Stands in for whoever a plugin's own requests go to. */
import { Readable } from 'node:stream';
import type { Got } from 'got';
import type { PluginCradle } from '../plugin-api/contract.ts';
import type { HarnessOptions, TestAnswer, TestCall } from './harness.ts';

/** The same cradle, whose `http` sends nothing: requests are recorded and answered. */
export function answering(
  cradle: PluginCradle,
  respond: NonNullable<HarnessOptions['respond']>,
  calls: TestCall[],
): PluginCradle {
  const descriptors = Object.getOwnPropertyDescriptors(cradle);
  let client: Got | undefined;
  const http = () => (client ??= doubled(cradle.http, respond, calls));
  return Object.freeze(
    Object.defineProperties({} as PluginCradle, {
      ...descriptors,
      http: { enumerable: true, get: http },
    }),
  );
}

function doubled(
  got: Got,
  respond: NonNullable<HarnessOptions['respond']>,
  calls: TestCall[],
): Got {
  return got.extend({
    hooks: {
      beforeRequest: [
        async ({ method, url, headers, body }) => {
          const call: TestCall = {
            method,
            url: String(url),
            headers,
            body: typeof body === 'string' ? body : null,
          };
          calls.push(call);
          // got takes anything that looks like a response of node:http.
          return responseOf(await respond(call), call) as never;
        },
      ],
    },
  });
}

function responseOf({ status = 200, headers = {}, body = '' }: TestAnswer, { url }: TestCall) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Object.assign(Readable.from([Buffer.from(text)]), {
    statusCode: status,
    headers,
    url,
    complete: true,
    // Nothing went over a network: it took no time.
    timings: { phases: { total: 0 } },
  });
}
