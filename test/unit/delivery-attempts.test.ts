/** A delivery and its attempts, which may be larger together than any answer. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deliveryRoutes } from '../../dist/api/deliveries.js';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { masterTenant, openLocalApi } from '../support/local-api.ts';
import { sampleAttempt, sampleRecord, sampleSubscription } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

const mebibyte = 1024 * 1024;

/** A delivery of an event of a mebibyte with so many attempts, each of which has it in its detail, and the API. */
async function start(count: number) {
  const store = await SqliteStore.open(join(tempFolder(), 'test.db'));
  onTestFinished(() => store.close());
  const record = sampleRecord(['a'], { data: JSON.stringify('x'.repeat(mebibyte)) });
  const [{ id } = { id: '' }] = record.deliveries;
  await store.commit({ events: [record], attempts: [] });
  const attempts = Array.from({ length: count }, (_, index) =>
    sampleAttempt({
      ...{ deliveryId: id, subscriptionUuid: 'a', number: index + 1, status: 'failure' as const },
      ...{ detail: '{"request_body":null}', dataKey: 'request_body', nextAttemptAt: 9_000 },
    }),
  );
  await store.commit({ events: [], attempts });
  const asked: string[] = [];
  const server = await openLocalApi((scope) =>
    deliveryRoutes(scope, {
      subscriptions: { find: () => sampleSubscription() } as never,
      handlers: { find: () => undefined },
      masterTenant,
      store: {
        deliveries: (query) => store.deliveries(query),
        delivery: (of) => {
          asked.push(of);
          return store.delivery(of);
        },
        deliveryRecord: (of) => store.deliveryRecord(of),
        retryDelivery: (of, now) => store.retryDelivery(of, now),
        cancelDelivery: (of) => store.cancelDelivery(of),
      },
      dispatcher: { renew: () => undefined, wake: () => undefined, reconsider: () => undefined },
    }),
  );
  return { server, path: `/1.0/deliveries/${id}`, asked };
}

const numbersIn = (answer: { json: <T>() => T }) =>
  answer.json<{ log: { number: number }[] }>().log.map(({ number }) => number);

test('of a delivery the latest attempts are shown, as many as fit, the first one first', async () => {
  const { server, path } = await start(40);
  const answer = await server.inject(path);
  expect(answer.statusCode).toBe(200);
  expect(answer.body.length).toBeLessThan(18 * mebibyte);
  const numbers = numbersIn(answer);
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers).toEqual(
    Array.from({ length: numbers.length }, (_, index) => 41 - numbers.length + index),
  );
  expect(answer.json()).toMatchObject({ attempts: 40 });
});

test('all of them are, when they fit', async () => {
  const { server, path } = await start(3);
  expect(numbersIn(await server.inject(path))).toEqual([1, 2, 3]);
});

test.each([
  ['retry', 'pending'],
  ['cancel', 'cancelled'],
])('%s reads none of them', async (action, status) => {
  const { server, path, asked } = await start(3);
  const answer = await server.inject({ method: 'POST', url: `${path}/${action}` });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ status, attempts: 3 });
  expect(asked).toEqual([]);
});

test('there is none of an id that nothing has', async () => {
  const { server } = await start(0);
  for (const rest of ['', '/retry', '/cancel']) {
    const method = rest === '' ? 'GET' : 'POST';
    const answer = await server.inject({ method, url: `/1.0/deliveries/none${rest}` });
    expect(answer.statusCode).toBe(404);
  }
});
