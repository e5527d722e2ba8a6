/** The limits of a plugin's process, from the configuration. */
import type { Config } from '../../config/schema.ts';
import type { HostLimits } from './host-process.ts';

export const limitsOf = (plugins: Config['plugins']): HostLimits => ({
  ...plugins,
  callTimeout: plugins.callTimeout * 1000,
  loadTimeout: plugins.loadTimeout * 1000,
  maxRequestTimeout: plugins.maxRequestTimeout * 1000,
});
