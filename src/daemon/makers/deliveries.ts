/** The way of an event, from what is taken in to the outcomes. */
import { packAnnouncement } from '../../bus/outbox.ts';
import type { Config } from '../../config/schema.ts';
import { ClockWatch } from '../../deliveries/clock-watch.ts';
import { Dispatcher } from '../../deliveries/dispatcher.ts';
import { Health } from '../../deliveries/health.ts';
import { Intake } from '../../deliveries/intake.ts';
import { OwnerEnds } from '../../deliveries/owner-ends.ts';
import { RecentEvents } from '../../deliveries/recent-events.ts';
import { Replays } from '../../deliveries/replays.ts';
import { Retention } from '../../deliveries/retention.ts';
import { RetryPolicies } from '../../deliveries/retry-policy.ts';
import { ReturnedRequests } from '../../deliveries/returned-requests.ts';
import { AttemptRunner } from '../../deliveries/runner.ts';
import { SampleDeliveries } from '../../deliveries/sample-delivery.ts';
import { messageOf } from '../../errors.ts';
import { GroupCommit } from '../../store/group-commit.ts';
import { EventFilter } from '../../subscriptions/filter.ts';
import { failingEvent } from '../../subscriptions/lifecycle.ts';
import type { Cradle, Makers } from '../cradle.ts';

/** At least so many: those whose acks a broker may lose in a crash. */
const rememberedEvents = 10_000;

function makeHealth(cradle: Cradle): Health {
  const { store, config, log } = cradle;
  const { disableAfter } = config.delivery;
  return new Health({
    store,
    disableAfter: disableAfter === null ? null : disableAfter * 1000,
    disablesGone: config.http.disableGone,
    disable: (uuid, reason) => cradle.subscriptions.disable(uuid, reason),
    find: (uuid) => cradle.subscriptions.find(uuid),
    warn: (subscription, failing, disabledAt) => {
      log.warn(
        { subscription: subscription.uuid, failing_since: failing.since, disabled_at: disabledAt },
        `every attempt of the subscription ${subscription.name} fails: it will be disabled`,
      );
      const event = packAnnouncement(failingEvent(subscription, failing, disabledAt));
      store.addAnnouncements([event]).then(
        () => cradle.outbox.wake(),
        (error: unknown) =>
          log.warn(
            { subscription: subscription.uuid },
            `the bus is not told that it fails: ${messageOf(error)}`,
          ),
      );
    },
    log,
  });
}

const breakerOptions = ({ delivery }: Config) => ({
  failures: delivery.breakerFailures,
  pause: delivery.breakerPause * 1000,
  longestPause: delivery.breakerMaxPause * 1000,
});

export const deliveryMakers = {
  // What is unacked comes again when the channel ends, and as much may have been acked in vain.
  recent: ({ config }) => new RecentEvents(Math.max(rememberedEvents, 2 * config.bus.prefetch)),
  ownerEnds: ({ subscriptions, log }) => new OwnerEnds(subscriptions, log),
  intake: (cradle) => {
    const { matcher, commits, recent, dispatcher, ownerEnds, taps } = cradle;
    const { metrics, tracing, config, log } = cradle;
    const intake = new Intake({
      matcher,
      filter: new EventFilter(log),
      commits,
      recent,
      onCommitted: (deliveries) => {
        metrics.deliveriesCreated(deliveries.length);
        dispatcher.offer(deliveries);
      },
      pressure: () => dispatcher.pressure,
      onEvent: (event) => {
        metrics.eventReceived();
        taps.emit(event);
        return ownerEnds.follow(event);
      },
      maxMessageSize: config.bus.maxMessageSize,
      tracing,
      log,
    });
    dispatcher.whenRelieved(() => intake.relieve());
    return intake;
  },
  commits: ({ store, metrics, log }) =>
    new GroupCommit({ commit: (batch) => metrics.commit(batch, () => store.commit(batch)) }, log),
  // What is asked for with every delivery is taken from the container once: it looks names up slowly.
  dispatcher: ({
    store,
    commits,
    runner,
    retries,
    subscriptions,
    handlers,
    registry,
    vault,
    metrics,
    health,
    config,
    log,
  }) =>
    new Dispatcher({
      store,
      commits,
      runner,
      retries,
      findSubscription: (uuid) => subscriptions.find(uuid) ?? handlers.find(uuid),
      findService: (name) => registry.find(name),
      returned: new ReturnedRequests({
        findHttp: () => registry.find('http'),
        runner,
        seal: (text) => vault.seal(text, 'request'),
        open: (sealed) => vault.unseal(sealed, 'request'),
      }),
      limits: config.delivery,
      breaker: breakerOptions(config),
      onResult: (subscription, result, startedAt, isFinal) => {
        metrics.attempted({
          service: subscription.service,
          subscription: subscription.uuid,
          status: result.status,
          isFinal,
          duration: Date.now() - startedAt,
        });
        health.record(subscription, result);
      },
      log,
    }),
  runner: ({ retries, signer, cut, tracing, log }) =>
    new AttemptRunner({ retries, signal: cut, signer, tracing, log }),
  retries: ({ config }) => RetryPolicies.from(config),
  replays: ({ store, config, dispatcher, log }) =>
    new Replays({
      store,
      rate: config.delivery.replayRate,
      wake: (uuid) => dispatcher.wake(uuid),
      log,
    }),
  samples: ({ runner, registry }) =>
    new SampleDeliveries({ runner, findService: (name) => registry.find(name) }),
  health: (cradle) => makeHealth(cradle),
  clockWatch: ({ store, health, dispatcher, log }) =>
    new ClockWatch(async (by) => {
      const way = by < 0 ? 'back' : 'forward';
      log.warn({ by_ms: by }, `the clock was set ${way} by ${Math.abs(by / 1000).toFixed(1)} s`);
      try {
        await store.mendSchedule(Date.now());
      } catch (error) {
        log.warn(`what waits cannot be adjusted to the clock: ${messageOf(error)}`);
        throw error;
      }
      health.clockSet();
      dispatcher.wakeAll();
    }),
  retention: ({ store, config, metrics, log }) =>
    new Retention({
      store,
      days: config.delivery.logRetention,
      maxSize: config.delivery.maxSize,
      onPurged: (reason, purged) => metrics.purged(reason, purged),
      log,
    }),
} satisfies Partial<Makers>;
