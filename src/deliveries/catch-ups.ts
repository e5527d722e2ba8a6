/**
 * Which subscriptions still get what was parked while they were disabled: it goes out slowly. Kept, so
 * that a restart on the way does not let the rest go out all at once.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';

const settingName = 'catching_up';

export interface CatchUpsOptions {
  store: Pick<Store, 'setting' | 'putSetting' | 'hastenParked'>;
  log: Logger;
}

export class CatchUps {
  /** By subscription, when it was enabled again: what was received before goes out slowly. */
  #since = new Map<string, number>();

  constructor(private readonly options: CatchUpsOptions) {}

  /** Takes up what was on its way when the daemon ended. */
  async load(): Promise<void> {
    const kept = await this.options.store.setting(settingName);
    if (kept !== null) this.#since = new Map(JSON.parse(kept) as [string, number][]);
  }

  /** When a subscription that catches up was enabled again; undefined when it does not catch up. */
  of(subscriptionUuid: string): number | undefined {
    return this.#since.get(subscriptionUuid);
  }

  /**
   * What waits for a later attempt goes out in its turn too. The store does one thing after the other:
   * what is fetched from now on is in the new order.
   *
   * @param onHastened called when it is
   */
  begin(subscriptionUuid: string, enabledAt: number, onHastened: () => void): void {
    this.#since.set(subscriptionUuid, enabledAt);
    this.#keep();
    const { store, log } = this.options;
    store
      .hastenParked(subscriptionUuid, enabledAt)
      .then(onHastened)
      .catch((error: unknown) =>
        log.warn(
          { subscription: subscriptionUuid },
          `what was parked before a later attempt is made at its time: ${messageOf(error)}`,
        ),
      );
  }

  end(subscriptionUuid: string): void {
    if (this.#since.delete(subscriptionUuid)) this.#keep();
  }

  #keep(): void {
    const { store, log } = this.options;
    store
      .putSetting(settingName, JSON.stringify([...this.#since]))
      .catch((error: unknown) =>
        log.warn(
          `which subscriptions get what was parked could not be kept: ${messageOf(error)}; after a restart the rest goes out as fast as it can`,
        ),
      );
  }
}
