/** Schemas that several resources share. */
import { Type } from 'typebox';

/** The form of every error. */
export const ErrorSchema = Type.Object({
  message: Type.String(),
  error_id: Type.String({ description: 'A stable word for the kind of error.' }),
  details: Type.Object({}, { additionalProperties: true, description: 'For invalid data: what is wrong, by field.' }),
  timestamp: Type.Number({ description: 'Seconds since the epoch.' }),
});

/** The error answers of a route, for the API document. */
export function failures(...statuses: number[]): Record<number, typeof ErrorSchema> {
  return Object.fromEntries(statuses.map((status) => [status, ErrorSchema]));
}
