import type { BrokerControl } from './broker.ts';

declare module 'vitest' {
  /** What the global setup hands to the test files. */
  interface ProvidedContext {
    brokerUrl: string;
    brokerControl: BrokerControl;
  }
}
