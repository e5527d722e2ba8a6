/** Fills a store for the conformance tests. */
import type { EventRecord, Store } from '../../dist/store/store.js';
import { sampleAttempt, sampleRecord } from '../support/samples.ts';

export const attemptOf = (deliveryId: string, more: Parameters<typeof sampleAttempt>[0]) =>
  sampleAttempt({ deliveryId, subscriptionUuid: 'a', ...more });

/** Deliveries for subscription `a`, received at these times; their ids. */
export async function commitAt(
  store: Store,
  times: number[],
  more: Partial<EventRecord> = {},
): Promise<string[]> {
  const events = times.map((receivedAt) => sampleRecord(['a'], { ...more, receivedAt }));
  await store.commit({ events, attempts: [] });
  return events.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
}
