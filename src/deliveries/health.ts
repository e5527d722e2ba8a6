/**
 * Knows which subscriptions have had nothing but failures, and since when: people are warned at half and
 * at nine tenths of the time they have, then the subscription is disabled.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { DisablingReason, Subscription } from '../model.ts';
import type { Failing, Store } from '../store/store.ts';
import type { AttemptResult } from './runner.ts';

/** Shares of the time, %, at which people are warned. */
const warnings = [90, 50];

export interface HealthOptions {
  store: Pick<Store, 'failing' | 'putFailing' | 'deleteFailing'>;
  /** ms; null: never. */
  disableAfter: number | null;
  /** Whether an endpoint that says 410 disables its subscription. */
  disablesGone: boolean;
  disable: (uuid: string, reason: DisablingReason) => Promise<void>;
  /** Undefined for what cannot be disabled: it is gone, or a plugin’s own handler. */
  find: (uuid: string) => Subscription | undefined;
  /** Tells people that a subscription will be disabled at a time unless something changes. */
  warn: (subscription: Subscription, failing: Failing, disabledAt: number) => void;
  log: Logger;
}

/** The longest pause between two looks at the time, ms. */
const longestPause = 60_000;

interface Known extends Failing {
  /** The same moment as `since`, of a clock that nobody sets, ms: that one says how long it has lasted. */
  began: number;
  /** Whether the store knows it: an endpoint that fails now and then costs no writes. */
  isKept: boolean;
}

export class Health {
  readonly #options: HealthOptions;
  readonly #failing = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Looks at the time by itself: attempts may be far apart, and nobody is disabled without a warning. */
  start(): void {
    const { disableAfter } = this.#options;
    if (disableAfter === null) return;
    this.#timer = setInterval(() => this.#look(), Math.min(disableAfter / 100, longestPause));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes up what was known before the daemon was stopped. */
  async load(): Promise<void> {
    for (const failing of await this.#options.store.failing()) {
      // With a clock that is behind, it begins in the future.
      const lasted = Math.max(0, Date.now() - failing.since);
      const began = performance.now() - lasted;
      this.#failing.set(failing.subscriptionUuid, { ...failing, began, isKept: true });
    }
  }

  /** The wall clock was set: what began by the former one has lasted no longer, and no shorter, than before. */
  clockSet(): void {
    for (const known of this.#failing.values()) {
      known.since = Date.now() - Math.round(performance.now() - known.began);
      if (known.isKept) this.#keep(known);
    }
  }

  /** Takes the outcome of an attempt, which the subscription as it was then had made. Never throws. */
  record(subscription: Subscription, { status, endpoint }: AttemptResult): void {
    const { uuid, config } = subscription;
    // It is gone, or was updated meanwhile: the outcome may be that of an address it no longer has. Disabling keeps
    // the object.
    if (this.#options.find(uuid)?.config !== config) return;
    if (status === 'success') this.forget(uuid);
    else if (endpoint === 'gone' && this.#options.disablesGone) this.#disable(uuid, 'gone');
    else this.#failed(subscription);
  }

  /** It begins anew: it was enabled, or is no more. */
  forget(uuid: string): void {
    const known = this.#failing.get(uuid);
    if (known === undefined) return;
    this.#failing.delete(uuid);
    if (known.isKept) this.#write(uuid, this.#options.store.deleteFailing(uuid));
  }

  #failed(subscription: Subscription): void {
    const { disableAfter } = this.#options;
    const { uuid } = subscription;
    if (disableAfter === null) return;
    const known = this.#failing.get(uuid) ?? {
      subscriptionUuid: uuid,
      since: Date.now(),
      began: performance.now(),
      warned: 0,
      isKept: false,
    };
    this.#failing.set(uuid, known);
    const share = shareOf(known, disableAfter);
    if (share >= 100) this.#disable(uuid, 'failing');
    else if (share >= 1) this.#warn(subscription, known, share, disableAfter);
  }

  #look(): void {
    const { disableAfter, find } = this.#options;
    if (disableAfter === null) return;
    for (const known of this.#failing.values()) {
      const share = shareOf(known, disableAfter);
      const subscription = find(known.subscriptionUuid);
      if (share >= 1 && subscription?.disabled === null)
        this.#warn(subscription, known, share, disableAfter);
    }
  }

  /** Also keeps what is known, once it has lasted for a hundredth of the time. */
  #warn(subscription: Subscription, known: Known, share: number, disableAfter: number): void {
    const due = warnings.find((warning) => share >= warning) ?? 0;
    const isNews = due > known.warned;
    if (!isNews && known.isKept) return;
    known.warned = Math.max(known.warned, due);
    known.isKept = true;
    this.#keep(known);
    if (isNews) this.#options.warn(subscription, known, known.since + disableAfter);
  }

  #keep({ subscriptionUuid, since, warned }: Known): void {
    const failing = { subscriptionUuid, since, warned };
    this.#write(subscriptionUuid, this.#options.store.putFailing(failing));
  }

  #disable(uuid: string, reason: DisablingReason): void {
    this.forget(uuid);
    this.#write(uuid, this.#options.disable(uuid, reason));
  }

  #write(uuid: string, written: Promise<unknown>): void {
    written.catch((error: unknown) =>
      this.#options.log.warn(
        { subscription: uuid },
        `that the subscription fails could not be kept: ${messageOf(error)}`,
      ),
    );
  }
}

/** How much of the time has passed, %. */
const shareOf = ({ began }: Known, disableAfter: number): number =>
  ((performance.now() - began) / disableAfter) * 100;
