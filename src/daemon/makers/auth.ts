/** Who may use the API. */
import { MasterTenant } from '../../auth/master-tenant.ts';
import type { Authenticator } from '../../auth/principal.ts';
import { LocalPrincipal, Tokens } from '../../auth/tokens.ts';
import { WazoAuth } from '../../auth/wazo/wazo-auth.ts';
import { defaultMasterTenant } from '../../config/sections/auth.ts';
import type { Cradle, Makers } from '../cradle.ts';

/** Tokens made here are known here; all others are wazo-auth's to judge. */
function makeAuthenticator({ config, tokens, wazoAuth, masterTenant }: Cradle): Authenticator {
  if (config.auth.type === 'none') {
    const anybody = { tenantUuid: null, userUuid: null };
    return {
      authenticate: ({ tenantUuid }) =>
        Promise.resolve(new LocalPrincipal(anybody, tenantUuid, masterTenant)),
    };
  }
  return {
    authenticate: (credentials) => {
      const { token } = credentials;
      const isLocal = wazoAuth === null || (token !== undefined && tokens.knows(token));
      return (isLocal ? tokens : wazoAuth).authenticate(credentials);
    },
  };
}

export const authMakers = {
  masterTenant: ({ config: { auth } }) =>
    new MasterTenant(
      auth.masterTenantUuid ?? (auth.type === 'wazo' ? undefined : defaultMasterTenant),
    ),
  wazoAuth: ({ config: { auth }, masterTenant, log }) =>
    auth.type === 'wazo' ? new WazoAuth({ auth, masterTenant, log }) : null,
  tokens: ({ store, masterTenant }) => new Tokens(store, masterTenant),
  authenticator: (cradle) => makeAuthenticator(cradle),
} satisfies Partial<Makers>;
