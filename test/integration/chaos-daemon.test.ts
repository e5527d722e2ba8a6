/** What happens to the daemon and its store, at the size of tests. */
import { daemonScenarios } from '../chaos/daemon.ts';
import { storeScenarios } from '../chaos/store.ts';
import { testScenarios } from '../chaos/as-tests.ts';

testScenarios({ ...daemonScenarios, ...storeScenarios });
