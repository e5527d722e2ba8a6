/** What the daemon says of itself. */
import { StatusAggregator } from '../../api/status-aggregator.ts';
import { Metrics } from '../../observing/metrics.ts';
import { version } from '../../version.ts';
import type { Makers } from '../cradle.ts';

export const observingMakers = {
  metrics: (cradle) =>
    new Metrics({
      version,
      matched: () => cradle.intake.matched,
      isConsuming: () => cradle.consumer.isConsuming,
      isStoring: () => cradle.commits.failure === undefined,
      deadLettered: () => cradle.intake.rejected,
      inFlight: () => cradle.dispatcher.inFlight,
      endpoints: () => cradle.dispatcher.endpointStates,
      disabledSubscriptions: () =>
        cradle.subscriptions.list().filter(({ disabled }) => disabled !== null).length,
      backlog: () => cradle.store.pending(),
      storeSize: () => cradle.store.size(),
      maxStoreSize: cradle.config.delivery.maxSize,
    }),
  status: ({ log }) => new StatusAggregator(log),
} satisfies Partial<Makers>;
