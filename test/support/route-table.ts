/** Who may use which route of the REST API: one row for each. */

/**
 * Whom a route is for:
 * - `anybody` with a token whose ACL has it;
 * - `master`: the master tenant, about itself;
 * - `tenant`: whoever acts for the tenant the thing belongs to, or for the master tenant;
 * - `user`: tokens of a user;
 * - `owner`: the user the thing belongs to.
 */
export type Audience = 'anybody' | 'master' | 'tenant' | 'user' | 'owner';

export interface RouteRow {
  for: Audience;
  body?: unknown;
  /** The answer to those who may, when it is not one of success: what they ask about is not there, or is over. */
  passes?: number[];
  /** The route whose access this one needs instead of its own. */
  actsAs?: [method: string, path: string];
}

const subscription = {
  name: 'a subscription',
  service: 'http',
  events: ['e'],
  config: { url: 'http://127.0.0.1:9/' },
};
const one = '/subscriptions/{subscription_uuid}';
const own = `/users/me${one}`;
const plugin = '/plugins/{name}';
const variable = `${plugin}/variables/{variable}`;

export const routeTable: Readonly<Record<string, RouteRow>> = {
  'GET /subscriptions': { for: 'anybody' },
  'POST /subscriptions': { for: 'anybody', body: subscription },
  'GET /subscriptions/services': { for: 'anybody' },
  'POST /subscriptions/import': { for: 'master', body: { subscriptions: [], dry_run: true } },
  [`GET ${one}`]: { for: 'tenant' },
  [`PUT ${one}`]: { for: 'tenant', body: subscription },
  [`DELETE ${one}`]: { for: 'tenant' },
  [`GET ${one}/secret`]: { for: 'tenant', actsAs: ['PUT', one] },
  [`POST ${one}/secret/rotate`]: { for: 'tenant', body: {}, actsAs: ['PUT', one] },
  [`GET ${one}/logs`]: { for: 'tenant' },
  [`POST ${one}/replay`]: { for: 'tenant', body: {} },
  [`POST ${one}/test`]: { for: 'tenant', body: {} },
  'GET /users/me/subscriptions': { for: 'user' },
  'POST /users/me/subscriptions': { for: 'user', body: subscription },
  [`GET ${own}`]: { for: 'owner' },
  [`PUT ${own}`]: { for: 'owner', body: subscription },
  [`DELETE ${own}`]: { for: 'owner' },
  [`GET ${own}/secret`]: { for: 'owner', actsAs: ['PUT', own] },
  [`POST ${own}/secret/rotate`]: { for: 'owner', body: {}, actsAs: ['PUT', own] },
  'GET /deliveries': { for: 'anybody' },
  'GET /deliveries/{delivery_id}': { for: 'tenant' },
  'POST /deliveries/{delivery_id}/retry': { for: 'tenant' },
  // The second one who cancels is too late.
  'POST /deliveries/{delivery_id}/cancel': { for: 'tenant', passes: [200, 409] },
  'GET /replays/{replay_id}': { for: 'tenant' },
  'POST /replays/{replay_id}/cancel': { for: 'tenant' },
  'GET /deadletter': { for: 'master' },
  'GET /deadletter/{id}': { for: 'master' },
  'POST /deadletter/redrive': { for: 'master', body: { ids: ['nothing'] } },
  'POST /deadletter/drop': { for: 'master', body: { ids: ['nothing'] } },
  'GET /tokens': { for: 'master' },
  'POST /tokens': { for: 'master', body: { name: 'a token' } },
  'DELETE /tokens/{uuid}': { for: 'master' },
  'GET /status': { for: 'anybody' },
  'GET /metrics': { for: 'master' },
  'GET /config': { for: 'master' },
  'PATCH /config': { for: 'master', body: [] },
  'GET /logs': { for: 'master' },
  // 400: where there is no wazo-auth.
  'POST /sync': { for: 'master', body: { dry_run: true }, passes: [200, 400] },
  'POST /purge': { for: 'master', body: { days: 36_500 } },
  'GET /plugins': { for: 'master' },
  'POST /plugins/rekey': { for: 'master' },
  [`GET ${plugin}`]: { for: 'master' },
  [`POST ${plugin}/enable`]: { for: 'master' },
  [`POST ${plugin}/disable`]: { for: 'master' },
  [`POST ${plugin}/reload`]: { for: 'master' },
  [`GET ${plugin}/variables`]: { for: 'master' },
  [`GET ${variable}`]: { for: 'master' },
  [`PUT ${variable}`]: { for: 'master', body: { value: 'red' } },
  [`DELETE ${variable}`]: { for: 'master' },
};
