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
