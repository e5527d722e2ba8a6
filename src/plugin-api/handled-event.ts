/** What a plugin is told: of an event, of where it runs, and by its administrator. */
import type { BusEvent } from '../model.ts';

/** An event as a handler sees it. */
export interface HandledEvent extends BusEvent {
  /** What the event is about. */
  readonly target: { readonly id: string | null };
  /** Who caused it, as far as the event says. */
  readonly actor: { readonly id: string | null };
  /** Where it belongs. */
  readonly context: {
    readonly tenantUuid: string | null;
    /** The users the event concerns. */
    readonly userUuids: readonly string[];
  };
}

/** Where the handler runs. */
export interface Environment {
  /** The server's uuid, the origin of events it publishes. */
  readonly serverUuid: string;
  readonly plugin: string;
  readonly version: string;
  /** Of the plugin contract. */
  readonly apiVersion: string;
}

/** The variables the package declares, by name; one that is not set is undefined. */
export type Variables = Readonly<Record<string, string | undefined>>;
