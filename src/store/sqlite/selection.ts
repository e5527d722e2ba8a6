/** Conditions of queries for deliveries, put together from what was asked for. */
import { firstIdOf } from './time-ids.ts';

/** Parts of a WHERE, with the values for their places. */
export interface Conditions {
  text: string;
  values: (string | number)[];
}

/** @param parts each a condition with its value, or undefined when it was not asked for */
export function allOf(
  ...parts: (readonly [condition: string, ...values: (string | number)[]] | undefined)[]
): Conditions {
  const asked = parts.filter((part) => part !== undefined);
  return {
    text: asked.map(([condition]) => condition).join(' AND ') || '1',
    values: asked.flatMap(([, ...values]) => values),
  };
}

/** @param id the column with the delivery's id that is gone through */
export const received = (id: string, since: number | null, until: number | null) =>
  [
    since === null ? undefined : ([`${id} >= ?`, firstIdOf(since)] as const),
    until === null ? undefined : ([`${id} < ?`, firstIdOf(until)] as const),
  ] as const;

/** Deliveries `d` as a subscription's list `l` has them. */
export const listedDeliveries = 'listed_deliveries l JOIN deliveries d ON d.id = l.id';

/** Names of events, with `*` for anything, as GLOB has it; its other signs mean themselves here. */
const globOf = (pattern: string): string => pattern.replace(/[[?]/g, '[$&]');

/** One of several patterns. */
export const namedLike = (patterns: readonly string[]) =>
  patterns.length === 0
    ? undefined
    : ([`(${patterns.map(() => 'e.name GLOB ?').join(' OR ')})`, ...patterns.map(globOf)] as const);
