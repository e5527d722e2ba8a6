/** Events that say that somebody is gone end that somebody's subscriptions. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { BusEvent, Subscription } from '../model.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { SubscriptionService } from '../subscriptions/service.ts';

/** Pause between two tries while the store is unavailable, ms. */
const retryDelay = 1_000;

export class OwnerEnds {
  /** Events that somebody has to be told of for this to work. */
  static readonly eventNames = ['user_deleted', 'auth_tenant_deleted'] as const;

  readonly #stopping = new AbortController();

  constructor(
    private readonly subscriptions: Pick<SubscriptionService, 'deleteAll'>,
    private readonly log: Logger,
  ) {}

  /**
   * Deletes what belonged to the user or the tenant that an event says is gone. Never rejects.
   *
   * @returns resolves when it is deleted on disk too; undefined when the event says nothing of the kind
   */
  follow(event: Pick<BusEvent, 'name' | 'data'>): Promise<void> | undefined {
    const [user, tenant] = OwnerEnds.eventNames;
    if (event.name !== user && event.name !== tenant) return undefined;
    const uuid = (event.data as { uuid?: unknown } | null)?.uuid;
    if (typeof uuid !== 'string') return undefined;
    return this.#delete(
      event.name,
      event.name === user
        ? ({ ownerUserUuid, eventsUserUuid }) => ownerUserUuid === uuid || eventsUserUuid === uuid
        : ({ ownerTenantUuid }) => ownerTenantUuid === uuid,
    );
  }

  /** No tries from now on: what {@link follow} returned stays unsettled when the store does not work. */
  stop(): void {
    this.#stopping.abort();
  }

  async #delete(event: string, isMeant: (subscription: Subscription) => boolean): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        const deleted = await this.subscriptions.deleteAll(isMeant);
        if (deleted.length === 0) return;
        this.log.info(
          { event, subscriptions: deleted.map(({ uuid }) => uuid) },
          'subscriptions deleted with their owner',
        );
        return;
      } catch (error) {
        if (signal.aborted) await never;
        if (!(error instanceof StoreUnavailable)) {
          this.log.error({ err: error, event }, `not followed: ${messageOf(error)}`);
          return;
        }
        await sleep(retryDelay, undefined, { signal }).catch(() => never);
      }
    }
  }
}

const never = new Promise<never>(() => undefined);
