/** The limits of a plugin's process, from the configuration. */
import type { Config } from '../../config/schema.ts';

export interface HostLimits {
  /** V8's heap, MiB. */
  heapLimit: number;
  /** All memory of the process, MiB. */
  memoryLimit: number;
  /** One call, ms. */
  callTimeout: number;
  /** ms */
  loadTimeout: number;
  /** Calls at once. */
  maxCalls: number;
  /** Lines a second. */
  maxLogRate: number;
  /** ms */
  maxRequestTimeout: number;
}

export const limitsOf = (plugins: Config['plugins']): HostLimits => ({
  ...plugins,
  callTimeout: plugins.callTimeout * 1000,
  loadTimeout: plugins.loadTimeout * 1000,
  maxRequestTimeout: plugins.maxRequestTimeout * 1000,
});
