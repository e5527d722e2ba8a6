/** Classes that respond to events by themselves, with no subscription made for them. */
import type { Got } from 'got';
import type { EventName } from '../events/catalogue.ts';
import type { Json } from '../model.ts';
import type { AttemptContext, Outcome, PluginCradle, PluginLog } from './contract.ts';
import type { Environment, HandledEvent, Variables } from './handled-event.ts';

/**
 * What a handler extends. There is a new instance for every attempt: what has to outlive it belongs into
 * the module.
 */
export abstract class Handler {
  /** Names of events, or patterns of them: `call_*`. */
  static readonly respondsTo: EventName | readonly EventName[] = [];

  /** Set for every attempt. */
  declare readonly event: HandledEvent;
  /** The id of what the event is about: `data.uuid`, else `data.id`, else what {@link targetOf} says. */
  declare readonly target: string | null;
  readonly secrets: Variables;
  readonly environment: Environment;
  readonly log: PluginLog;
  readonly #cradle: PluginCradle;

  constructor(cradle: PluginCradle) {
    this.#cradle = cradle;
    this.secrets = cradle.secrets;
    this.environment = cradle.environment;
    this.log = cradle.log;
  }

  /** For answers that have to be read; what is only to be sent is better returned. */
  get http(): Got {
    return this.#cradle.http;
  }

  /** Whether there is anything to do; the attempt is a success either way. */
  accept?(event: HandledEvent): boolean | Promise<boolean>;

  /** For events that name their subject neither `uuid` nor `id`. */
  targetOf?(data: Json): string | null;

  /** Responds to the event. What it returns or throws is the outcome of the attempt. */
  abstract compute(event: HandledEvent, context: AttemptContext): Outcome | Promise<Outcome>;
}
