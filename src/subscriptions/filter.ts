/** Subscriptions that want only some of the events they name. */
import type { Logger } from 'pino';
import type { BusEvent, Subscription } from '../model.ts';
import { type Condition, compileCondition } from '../templates/condition.ts';
import { TemplateError } from '../templates/template.ts';

/** Least time between two lines about the same subscription, ms. */
const silence = 10_000;

export class EventFilter {
  readonly #conditions = new WeakMap<Subscription, Condition>();
  /** When a subscription's expression was last reported to fail. */
  readonly #reported = new WeakMap<Subscription, number>();

  constructor(private readonly log: Logger) {}

  /** An event that the expression cannot judge is not for the subscription; the log says so. */
  passes(subscription: Subscription, event: BusEvent): boolean {
    if (subscription.filter === null) return true;
    const { name, data, headers, originUuid } = event;
    try {
      return this.#conditionOf(subscription, subscription.filter).isMet({
        event_name: name,
        event: data,
        headers,
        wazo_uuid: originUuid,
      });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#report(subscription, name, error);
      return false;
    }
  }

  #conditionOf(subscription: Subscription, source: string): Condition {
    let condition = this.#conditions.get(subscription);
    if (condition === undefined)
      this.#conditions.set(subscription, (condition = compileCondition(source)));
    return condition;
  }

  #report(subscription: Subscription, event: string, { message, expression }: TemplateError): void {
    const now = Date.now();
    if (now - (this.#reported.get(subscription) ?? 0) < silence) return;
    this.#reported.set(subscription, now);
    this.log.warn(
      { subscription: subscription.uuid, event, expression },
      `an event was not delivered, the subscription’s filter cannot judge it: ${message}`,
    );
  }
}
