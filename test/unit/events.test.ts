import { expect, test } from 'vitest';
import { catalogue, similarName } from '../../dist/events/catalogue.js';
import { hasSample, sampleEvent } from '../../dist/events/samples.js';

test('at least 40 events of the catalogue have a sample made for them', () => {
  expect(catalogue.filter(({ name }) => hasSample(name)).length).toBeGreaterThanOrEqual(40);
});

test.each(catalogue.map(({ name, scope }) => [name, scope] as const))(
  'a sample of %s has the headers of its scope (%s)',
  (name, scope) => {
    const { data, headers } = sampleEvent(name, '2026-05-01T10:00:00.000Z');
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    const users = Object.keys(headers).filter((key) => key.startsWith('user_uuid:'));
    expect(typeof headers['tenant_uuid'] === 'string').toBe(scope !== 'service');
    expect(users.length).toBe({ service: 0, tenant: 0, user: 1, multi_user: 2 }[scope]);
    if (typeof data['tenant_uuid'] === 'string' && scope !== 'service')
      expect(headers['tenant_uuid']).toBe(data['tenant_uuid']);
  },
);

test('a name that is nearly right is recognised, another is not', () => {
  expect(similarName('call_craeted')).toBe('call_created');
  expect(similarName('something else entirely')).toBeUndefined();
  expect(() => sampleEvent('call_craeted')).toThrow(/did you mean call_created\?/);
});

test('of an event that a plugin declares there is a plain sample', () => {
  expect(() => sampleEvent('task_created')).toThrow(/there is no sample of task_created/);
  expect(sampleEvent('task_created', undefined, ['task_created'])).toEqual({
    name: 'task_created',
    data: { id: 1, uuid: expect.any(String) as string },
    headers: {},
  });
});
