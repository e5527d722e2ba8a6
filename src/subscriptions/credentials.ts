/** Takes credentials out of what more people see than those who may read the subscription. */
import type { Json, JsonObject } from '../model.ts';

const mask = '********';

/** Options of any service whose name says what they are; headers are among them. */
const secretName =
  /^(password|passphrase|secret|token|authorization|proxy-authorization|cookie|(client|private|api)[-_]?key|x-api-key|.+[-_](password|secret|token))$/i;

/** A copy of the options with credentials masked; what has none is as it was. */
export function maskCredentials(config: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, masked(key, value)]),
  );
}

function masked(key: string, value: Json): Json {
  if (typeof value === 'string') return secretName.test(key) ? mask : withoutUser(value);
  if (Array.isArray(value)) return value.map((item) => masked(key, item));
  return typeof value === 'object' && value !== null ? maskCredentials(value) : value;
}

/** `http://user:password@host/` without the password. */
const withoutUser = (text: string) =>
  text.replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/[^/?#@\\:]*):[^/?#\\]*@/i, `$1:${mask}@`);

/**
 * A text for the daemon's log, of every address nothing but scheme, host and port: paths and queries of webhooks
 * often are the secret, and who may read the log of the daemon is not who may read the subscription.
 */
export const withoutPaths = (text: string) =>
  text.replace(
    /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#\\]*@)?([^\s/?#\\]*)([/?#\\]\S*)?/gi,
    (_all, scheme: string, _user, host: string, rest: string | undefined) =>
      `${scheme}${host}${rest === undefined || rest === '/' ? (rest ?? '') : '/...'}`,
  );
