/** Schemas that several resources share. */
import { number, object, open, string } from '../schema.ts';

/** The form of every error. */
export const ErrorSchema = object({
  message: string(),
  error_id: string({ description: 'A stable word for the kind of error.' }),
  details: open({ description: 'For invalid data: what is wrong, by field.' }),
  timestamp: number({ description: 'Seconds since the epoch.' }),
});

/** The error answers of a route, for the API document. */
export function failures(...statuses: number[]): Record<number, typeof ErrorSchema> {
  return Object.fromEntries(statuses.map((status) => [status, ErrorSchema]));
}

/** A point in time as clients get it. */
export const isoTime = <T extends number | null>(time: T) =>
  (time === null ? null : new Date(time).toISOString()) as T extends null ? null : string;

/** A point in time as clients give it, ms since the epoch; a date without a zone is UTC. */
export function momentIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`);
}
