/** Who and what appears in the samples: always the same, so that events about one call fit together. */
import type { JsonObject } from '../../model.ts';

export const tenant = '2c34c282-433e-4bb8-8d56-fec14ff7e1e9';

export const alice = {
  uuid: '7ca42f43-8bd9-4a26-acb8-cb756f42bebb',
  firstname: 'Alice',
  lastname: 'Martin',
  exten: '1001',
};

export const bob = {
  uuid: 'd1534a6c-3e35-44db-b4df-0e2957cdea77',
  firstname: 'Bob',
  lastname: 'Tremblay',
  exten: '1002',
};

export const fullName = ({ firstname, lastname }: typeof alice) => `${firstname} ${lastname}`;

/** When something happened: given to every sample, ISO 8601. */
export interface Moment {
  now: string;
}

/** Makes the data of an event. */
export type Sample = (moment: Moment) => JsonObject;

/** The same data for several events. */
export const each = (names: readonly string[], sample: Sample): Record<string, Sample> =>
  Object.fromEntries(names.map((name) => [name, sample]));
