/** One private broker for all integration tests of a run; each test file takes a virtual host of its own. */
import type { TestProject } from 'vitest/node';
import { startBroker } from './broker.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker();
  project.provide('brokerUrl', broker.url);
  project.provide('brokerControl', broker.control);
  return () => broker.stop();
}
