/** Events as they look in life, to try subscriptions and plugins with. */
import { UserError } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { type CatalogueEvent, findEvent, similarName } from './catalogue.ts';
import { calls } from './samples/calls.ts';
import { alice, bob, type Sample, tenant } from './samples/cast.ts';
import { people } from './samples/people.ts';
import { places } from './samples/places.ts';

const samples: Readonly<Record<string, Sample>> = { ...calls, ...people, ...places };

/** Whether there is a sample that was made for this event. */
export const hasSample = (name: string): boolean => Object.hasOwn(samples, name);

/** An event to be published. */
export interface SampleEvent {
  name: string;
  data: JsonObject;
  /** As the event's scope asks for: whose it is and whom it concerns. */
  headers: JsonObject;
}

/**
 * @param now when it happens, ISO 8601
 * @param declared names that are known besides: nothing is known of what such events have
 * @throws UserError when nobody knows an event of that name
 */
export function sampleEvent(
  name: string,
  now = new Date().toISOString(),
  declared: readonly string[] = [],
): SampleEvent {
  const event =
    findEvent(name) ??
    (declared.includes(name) ? { name, scope: 'service' as const, service: '' } : undefined);
  if (event === undefined) {
    const near = similarName(name);
    throw new UserError(
      `there is no sample of ${name}: it is not in the catalogue${near === undefined ? '.' : `; did you mean ${near}?`} See webhookd events, or give --data`,
      2,
    );
  }
  const sample = samples[name] ?? plainSample(event);
  return { name, data: sample({ now }), headers: headersOf(event) };
}

function headersOf({ scope }: CatalogueEvent): JsonObject {
  if (scope === 'service') return {};
  const users = { tenant: [], user: [alice], multi_user: [alice, bob] }[scope];
  return {
    tenant_uuid: tenant,
    ...Object.fromEntries(users.map(({ uuid }) => [`user_uuid:${uuid}`, true])),
  };
}

/** What an event of that scope has at least. */
const plainSample =
  ({ scope }: CatalogueEvent): Sample =>
  () => ({
    id: 1,
    uuid: '9d5fb67c-2c4f-4d5b-9a61-1f0c7e7a3b52',
    ...(scope === 'service' ? {} : { tenant_uuid: tenant }),
    ...(scope === 'user' || scope === 'multi_user' ? { user_uuid: alice.uuid } : {}),
  });
