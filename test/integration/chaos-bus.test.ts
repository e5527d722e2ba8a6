/** What happens to the broker and the way to it, at the size of tests. */
import { brokerScenarios } from '../chaos/broker.ts';
import { connectionScenarios } from '../chaos/connection.ts';
import { testScenarios } from '../chaos/as-tests.ts';

testScenarios({ ...brokerScenarios, ...connectionScenarios });
