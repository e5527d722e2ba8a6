/** What waits for a reason of its own is not lost, and keeps its order, when the daemon is killed. */
import { expect, test } from 'vitest';
import type { Answer, Inbox } from '../support/inbox.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({
  config: { delivery: { replay_rate: 25, breaker_failures: 1000 }, hook_max_attempts: 1 },
});

const failing: Answer = (_request, response) => response.writeHead(500).end();
const taking: Answer = (_request, response) => response.writeHead(200).end();

const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  scene().daemon.call<T>(method, path, body);

const publish = (name: string, count: number, from = 0) =>
  scene().publisher.publish(
    ...Array.from({ length: count }, (_, index) => ({ name, data: { id: from + index } })),
  );

/** kill -9, and a new start. */
async function kill() {
  await scene().daemon.kill();
  await scene().daemon.start();
}

async function enable(uuid: string, enabled: boolean) {
  const { body } = await call('GET', `/subscriptions/${uuid}`);
  await call('PUT', `/subscriptions/${uuid}`, { ...body, enabled });
}

const countOf = async (uuid: string, status: string) =>
  (
    await call<{ total: number }>(
      'GET',
      `/deliveries?subscription=${uuid}&status=${status}&limit=1000`,
    )
  ).body.total;

const rateOf = ({ requests }: Inbox) =>
  (requests.length / ((requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0))) * 1000;

test('parked deliveries all go out, the oldest first, and slowly after a kill too', async () => {
  const inbox = await scene().inbox(taking);
  const uuid = await scene().daemon.subscribe(['parked'], inbox.url, {
    delivery: { max_in_flight: 1 },
  });
  await enable(uuid, false);
  await publish('parked', 100);
  await until('all are parked', async () => (await countOf(uuid, 'parked')) === 100);
  await kill();
  expect(await countOf(uuid, 'parked')).toBe(100);
  expect(inbox.requests).toEqual([]);
  await enable(uuid, true);
  await inbox.received(10);
  await kill();
  const before = inbox.requests.splice(0).map(({ body }) => body);
  await until('the rest has gone out', async () => (await countOf(uuid, 'succeeded')) === 100);
  const rest = inbox.requests.map(({ body }) => (JSON.parse(body) as { id: number }).id);
  expect(rest).toEqual([...rest].sort((one, other) => one - other));
  // What had no outcome on disk at the kill is made again, and nothing else.
  expect(new Set([...before, ...inbox.requests.map(({ body }) => body)]).size).toBe(100);
  expect(before.length + rest.length).toBeLessThan(110);
  expect(rateOf(inbox)).toBeLessThan(35);
});

test('a replay goes on after a kill, and each of its deliveries is made', async () => {
  const inbox = await scene().inbox(failing);
  const uuid = await scene().daemon.subscribe(['replayed'], inbox.url);
  await publish('replayed', 60);
  await until('all have failed', async () => (await countOf(uuid, 'failed')) === 60);
  const ids = new Set(inbox.requests.splice(0).map(({ headers }) => headers['webhook-id']));
  inbox.answer = taking;
  const { body } = await call<{ id: string }>('POST', `/subscriptions/${uuid}/replay`, {});
  await inbox.received(10);
  await kill();
  await until('it is done', async () => {
    const replay = await call<{ status: string; done: number }>('GET', `/replays/${body.id}`);
    return replay.body.status === 'done' && replay.body.done === 60;
  });
  await until('all have succeeded', async () => (await countOf(uuid, 'succeeded')) === 60);
  expect(new Set(inbox.requests.map(({ headers }) => headers['webhook-id']))).toEqual(ids);
});

test('an ordered subscription keeps its order over kills, with one that fails at its head', async () => {
  const inbox = await scene().inbox();
  let fails = true;
  inbox.answer = ({ body }, response) =>
    response.writeHead(fails && body.includes(':5}') ? 500 : 200).end();
  await scene().daemon.subscribe(['ordered'], inbox.url, {
    delivery: { ordered: true, schedule: [0.5], max_attempts: 1000 },
  });
  await publish('ordered', 20);
  await until('the sixth was tried', () => inbox.bodies.some(({ id }) => id === 5));
  await kill();
  await publish('ordered', 20, 20);
  await until('it was tried again', () => inbox.bodies.filter(({ id }) => id === 5).length > 2);
  expect(Math.max(...inbox.bodies.map(({ id }) => Number(id)))).toBe(5);
  await kill();
  fails = false;
  await until('all have arrived', () => inbox.countsById().size === 40);
  const order = inbox.bodies.map(({ id }) => Number(id));
  expect(order).toEqual([...order].sort((one, other) => one - other));
});
