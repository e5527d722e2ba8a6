/** The client plugins get for requests whose answers they read. */
import { createRequire } from 'node:module';
import type { Got } from 'got';
import type { PluginLog } from '../plugin-api/contract.ts';

const require = createRequire(import.meta.url);

/**
 * A maker of one client, loaded when it is asked for: got takes 20 MiB, and many plugins never ask.
 * Redirects are not followed and nothing is retried unless a call asks for it; every call is logged with
 * its duration, at level debug.
 *
 * @param maxTimeout the longest a request may take whatever the plugin asks for, ms
 */
export function lazyHttpClient(maxTimeout: number, log: PluginLog): () => Got {
  let client: Got | undefined;
  return () => (client ??= makeClient(maxTimeout, log));
}

function makeClient(maxTimeout: number, log: PluginLog): Got {
  const { got } = require('got') as { got: Got };
  return got.extend({
    followRedirect: false,
    retry: { limit: 0 },
    timeout: { request: maxTimeout },
    hooks: {
      beforeRequest: [
        (options) => {
          const { request = maxTimeout } = options.timeout;
          options.timeout.request = Math.min(request, maxTimeout);
        },
      ],
      afterResponse: [
        (response) => {
          const { method, origin, pathname } = addressOf(response.request.options);
          log.debug(`${method} ${origin}${pathname} answered ${response.statusCode}`, {
            duration_ms: response.timings.phases.total ?? null,
          });
          return response;
        },
      ],
    },
  });
}

/** Without the query and the credentials, which may be secret. */
function addressOf({ method, url }: { method: string; url: string | URL | undefined }) {
  const { origin, pathname } = new URL(url ?? 'http://unknown');
  return { method, origin, pathname };
}
