/** What comes of an attempt: a line in the log, a record in the store, and what is to be made next. */
import type { Logger } from 'pino';
import type { KeptDetail } from '../attempt-detail.ts';
import { messageOf } from '../errors.ts';
import type { Delivery, Subscription } from '../model.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import { redactedJson } from '../redacted-json.ts';
import type { AttemptRecord, Store } from '../store/store.ts';
import { reportAttempt } from './attempt-report.ts';
import { noneMade, type ReturnedRequests } from './returned-requests.ts';
import type { RetryPolicies } from './retry-policy.ts';
import type { AttemptResult, RunnableService } from './runner.ts';

export interface OutcomesOptions {
  commits: Pick<GroupCommit, 'addAttempt'>;
  store: Pick<Store, 'retryDelivery'>;
  retries: Pick<RetryPolicies, 'of'>;
  returned: Pick<ReturnedRequests, 'make'>;
  /** Told of every attempt that counts, and whether the delivery is final. */
  onResult: (
    subscription: Subscription,
    result: AttemptResult,
    startedAt: number,
    isFinal: boolean,
  ) => void;
  log: Logger;
}

/** An attempt that has ended. */
export interface EndedAttempt {
  subscription: Subscription;
  service: RunnableService;
  delivery: Delivery;
  /** ms since the epoch */
  startedAt: number;
  result: AttemptResult;
}

/** An outcome on disk. */
export interface Outcome {
  /** ms since the epoch; null: the delivery is final. */
  nextAttemptAt: number | null;
  /** Deliveries of requests that the service returned. */
  made: Delivery[];
}

export class Outcomes {
  constructor(private readonly options: OutcomesOptions) {}

  /** @param onKept called when the outcome is on disk, or can never be: then nothing is made of it */
  keep(attempt: EndedAttempt, onKept: (outcome: Outcome) => void): void {
    const { commits, returned, onResult, log } = this.options;
    const { subscription, service, delivery, startedAt, result } = attempt;
    const { requests } = result;
    const made = requests.length === 0 ? noneMade : returned.make(delivery, requests);
    const said = made.detail === undefined ? result : { detail: made.detail, dataKey: null };
    const record = this.#record(attempt, said, made.records);
    reportAttempt(log, delivery, { service: subscription.service, plugin: service.plugin }, record);
    onResult(subscription, result, startedAt, record.nextAttemptAt === null);
    commits.addAttempt(record, (error) => {
      const { nextAttemptAt } = record;
      const kept = { nextAttemptAt, made: error === undefined ? made.deliveries : [] };
      const isWanted = delivery.isRenewed === true && result.status !== 'success';
      if (nextAttemptAt !== null || !isWanted) onKept(kept);
      else
        void this.#takeUpAgain(delivery).then((dueAt) => onKept({ ...kept, nextAttemptAt: dueAt }));
    });
  }

  /**
   * A retry was asked for while the last attempt was made, or while its outcome was on the way to the disk, where it
   * came after what the store was told.
   *
   * @returns when the next attempt is due, ms since the epoch; null: it cannot be kept
   */
  async #takeUpAgain({ id, subscriptionUuid }: Delivery): Promise<number | null> {
    const { store, log } = this.options;
    const now = Date.now();
    try {
      await store.retryDelivery(id, now);
      return now;
    } catch (error) {
      log.warn(
        { delivery: id, subscription: subscriptionUuid },
        `the retry that was asked for is not made: ${messageOf(error)}; ask for it again`,
      );
      return null;
    }
  }

  #record(
    { subscription, service, delivery, startedAt, result }: EndedAttempt,
    { detail, dataKey }: KeptDetail,
    requests: AttemptRecord['requests'],
  ): AttemptRecord {
    const { status, after } = result;
    const { id, attempts, attemptsBefore } = delivery;
    const number = attempts + 1;
    const endedAt = Date.now();
    const policy = this.options.retries.of(subscription);
    return {
      deliveryId: id,
      subscriptionUuid: delivery.subscriptionUuid,
      number,
      maxAttempts: attemptsBefore + policy.maxAttempts,
      status,
      startedAt,
      endedAt,
      detail: redactedJson(detail, service.redact),
      dataKey,
      nextAttemptAt:
        status === 'failure' ? policy.nextAttemptAt(number - attemptsBefore, endedAt, after) : null,
      requests,
    };
  }
}
