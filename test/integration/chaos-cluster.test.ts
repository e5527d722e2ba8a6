/** A cluster of three brokers loses a node, at the size of tests. */
import { clusterScenarios } from '../chaos/broker.ts';
import { testScenarios } from '../chaos/as-tests.ts';

testScenarios(clusterScenarios);
