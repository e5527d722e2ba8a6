/** All scenarios, by name, in the order in which they are run. */
import { brokerScenarios, clusterScenarios } from './broker.ts';
import { clockScenarios } from './clock.ts';
import { connectionScenarios } from './connection.ts';
import { daemonScenarios } from './daemon.ts';
import { endpointScenarios } from './endpoint.ts';
import type { Scenarios } from './scenario.ts';
import { storeScenarios } from './store.ts';
import { subscriptionScenarios } from './subscriptions.ts';

export const scenarios: Scenarios = {
  ...daemonScenarios,
  ...brokerScenarios,
  ...clusterScenarios,
  ...connectionScenarios,
  ...storeScenarios,
  ...endpointScenarios,
  ...clockScenarios,
  ...subscriptionScenarios,
};
