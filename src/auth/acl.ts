/**
 * Access as words with dots: a request needs one such as `webhookd.subscriptions.read`, a token has
 * patterns of them, with `*` for one part and `#` for all that follow, none included.
 */

const verbs: Record<string, string> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

/**
 * What a request needs: `DELETE /1.0/subscriptions/:uuid` with its parameters gives
 * `webhookd.subscriptions.<uuid>.delete`.
 *
 * @param pattern the route's address, parameters as `:name`
 * @param parameters their values; a dot in one becomes `_`, so that it stays one part
 */
export function accessTo(
  method: string,
  pattern: string,
  parameters: Readonly<Record<string, string>>,
): string {
  const parts = pattern
    .split('/')
    .slice(2)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith(':') ? (parameters[part.slice(1)] ?? '') : part))
    .map((part) => part.replaceAll('.', '_'));
  return ['webhookd', ...parts, verbs[method] ?? method.toLowerCase()].join('.');
}

/** Whether one of the patterns covers what a request needs. */
export function isCovered(access: string, patterns: readonly string[]): boolean {
  const parts = access.split('.');
  return patterns.some((pattern) => covers(pattern.split('.'), parts));
}

function covers(pattern: readonly string[], parts: readonly string[]): boolean {
  const rest = pattern.indexOf('#');
  const fixed = rest < 0 ? pattern : pattern.slice(0, rest);
  if (rest < 0 ? parts.length !== fixed.length : parts.length < fixed.length) return false;
  return fixed.every((part, place) => part === '*' || part === parts[place]);
}
