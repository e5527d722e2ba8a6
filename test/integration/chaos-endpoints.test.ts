/** What endpoints, clocks and subscriptions do, at the size of tests. */
import { clockScenarios } from '../chaos/clock.ts';
import { endpointScenarios } from '../chaos/endpoint.ts';
import { subscriptionScenarios } from '../chaos/subscriptions.ts';
import { testScenarios } from '../chaos/as-tests.ts';

testScenarios({ ...endpointScenarios, ...clockScenarios, ...subscriptionScenarios });
