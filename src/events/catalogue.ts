/** Events that are known by name: what they are about and who publishes them. */
import { closest, distance } from 'fastest-levenshtein';
import { rows } from './catalogue-data.ts';

/** Whom an event concerns: the server, a tenant, one of its users, or several of them. */
export type EventScope = (typeof rows)[number][1];

/** The name of a known event, or any other. */
export type EventName = (typeof rows)[number][0] | (string & {});

export interface CatalogueEvent {
  name: string;
  scope: EventScope;
  /** The service that publishes it. */
  service: string;
}

/** In the order of names. */
export const catalogue: readonly CatalogueEvent[] = rows.map(([name, scope, service]) => ({
  name,
  scope,
  service,
}));

const byName = new Map(catalogue.map((event) => [event.name, event]));

export const findEvent = (name: string): CatalogueEvent | undefined => byName.get(name);

/** The known name that was probably meant; undefined when none is near. */
export function similarName(name: string): string | undefined {
  const nearest = closest(name, [...byName.keys()]);
  return distance(name, nearest) <= Math.max(2, name.length / 4) ? nearest : undefined;
}
