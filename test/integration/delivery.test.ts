import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({ config: { delivery: { max_in_flight_per_subscription: 3 } } });

describe('a subscription takes effect before its response', () => {
  test('when it is created, changed and deleted', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    const canary = await scene().inbox();
    await daemon.subscribe(['old_name', 'new_name'], canary.url);
    const uuid = await daemon.subscribe(['old_name'], inbox.url);
    await publisher.publish({ name: 'old_name', data: { id: 1 } });

    const changed = {
      name: 'x',
      service: 'http',
      events: ['new_name'],
      config: { url: inbox.url },
    };
    await inbox.received(1);
    await daemon.call('PUT', `/subscriptions/${uuid}`, changed);
    await publisher.publish(
      { name: 'old_name', data: { id: 2 } },
      { name: 'new_name', data: { id: 3 } },
    );
    await inbox.received(2);

    await daemon.call('DELETE', `/subscriptions/${uuid}`);
    await publisher.publish({ name: 'new_name', data: { id: 4 } });
    await canary.received(4);
    expect(inbox.bodies).toEqual([{ id: 1 }, { id: 3 }]);
  });

  test('a hundred times in a row, each with an event right after it', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    for (let id = 0; id < 100; id++) {
      const name = `race_${id % 10}_${randomUUID()}`;
      await daemon.subscribe([name], inbox.url);
      await publisher.publish({ name, data: { id } });
      if (id % 2 === 0) await inbox.received(id + 1);
    }
    await inbox.received(100);
    expect(inbox.countsById().size).toBe(100);
  });
});

describe('an event', () => {
  test('reaches every subscription that wants it, each once', async () => {
    const { daemon, publisher } = scene();
    const [one, two] = [await scene().inbox(), await scene().inbox()];
    await daemon.subscribe(['shared'], one.url);
    await daemon.subscribe(['shared', 'shared'], two.url);
    await publisher.publish(
      { name: 'shared', data: { id: 'ü😀' } },
      { name: 'shared', data: { id: 2 } },
    );
    await one.received(2);
    await two.received(2);
    for (const inbox of [one, two])
      expect([...inbox.countsById()].sort()).toEqual([
        [2, 1],
        ['ü😀', 1],
      ]);
  });

  test('of a user reaches that user’s subscription and those for all', async () => {
    const { daemon, publisher } = scene();
    const [user, other] = [randomUUID(), randomUUID()];
    const [mine, all] = [await scene().inbox(), await scene().inbox()];
    await daemon.subscribe(['user_event'], mine.url, { events_user_uuid: user });
    await daemon.subscribe(['user_event'], all.url);
    await publisher.publish(
      { name: 'user_event', data: { id: 1 }, headers: { [`user_uuid:${other}`]: true } },
      { name: 'user_event', data: { id: 2 } },
      { name: 'user_event', data: { id: 3 }, headers: { [`user_uuid:${user}`]: true } },
    );
    await all.received(3);
    await mine.received(1);
    expect(mine.bodies).toEqual([{ id: 3 }]);
  });

  test('of a server reaches the subscriptions for it', async () => {
    const { daemon, publisher } = scene();
    const here = randomUUID();
    const [mine, all] = [await scene().inbox(), await scene().inbox()];
    await daemon.subscribe(['server_event'], mine.url, { events_wazo_uuid: here });
    await daemon.subscribe(['server_event'], all.url);
    await publisher.publish({ name: 'server_event', data: { id: 1 } });
    publisher.raw(
      Buffer.from(JSON.stringify({ name: 'server_event', origin_uuid: here, data: { id: 2 } })),
      { headers: { name: 'server_event' } },
    );
    await all.received(2);
    await mine.received(1);
    expect(mine.bodies).toEqual([{ id: 2 }]);
  });

  test('that is delivered twice by its publisher under one message id is taken once', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    await daemon.subscribe(['twice'], inbox.url);
    const options = { messageId: randomUUID(), headers: { name: 'twice' } };
    for (let copy = 0; copy < 3; copy++)
      publisher.raw(Buffer.from('{"name":"twice","data":{"id":1}}'), options);
    await publisher.publish({ name: 'twice', data: { id: 2 } });
    await inbox.received(2);
    expect(inbox.bodies).toEqual([{ id: 1 }, { id: 2 }]);
  });
});

describe('an endpoint that hangs', () => {
  test('takes its own places, and another subscription’s events are delivered meanwhile', async () => {
    const { daemon, publisher } = scene();
    const hung = await scene().inbox(() => undefined);
    const fine = await scene().inbox();
    await daemon.subscribe(['hanging'], hung.url);
    await daemon.subscribe(['fine'], fine.url);
    await publisher.publish(
      ...Array.from({ length: 50 }, (_, id) => ({ name: 'hanging', data: { id } })),
    );
    await hung.received(3);
    await publisher.publish(
      ...Array.from({ length: 50 }, (_, id) => ({ name: 'fine', data: { id } })),
    );
    await fine.received(50);
    expect(hung.requests).toHaveLength(3);
  });
});

describe('a subscription for a service nobody provides', () => {
  test('has its deliveries wait, and gets them when it is changed to one that is there', async () => {
    const { daemon, publisher } = scene();
    const [inbox, other] = [await scene().inbox(), await scene().inbox()];
    const input = { name: 'x', service: 'no-such-service', events: ['waiting'], config: {} };
    const { body } = await daemon.call<{ uuid: string }>('POST', '/subscriptions', input);
    await daemon.subscribe(['waiting'], other.url);
    await publisher.publish(
      { name: 'waiting', data: { id: 1 } },
      { name: 'waiting', data: { id: 2 } },
    );
    await other.received(2);
    expect((await daemon.call('GET', `/subscriptions/${body.uuid}/logs`)).body).toMatchObject({
      filtered: 0,
    });
    await daemon.call('PUT', `/subscriptions/${body.uuid}`, {
      ...input,
      service: 'http',
      config: { url: inbox.url },
    });
    await inbox.received(2);
    expect(inbox.bodies.map(({ id }) => id).sort()).toEqual([1, 2]);
  });
});

describe('a subscription that is deleted', () => {
  test('gets no more attempts of what waits for it', async () => {
    const { daemon, publisher } = scene();
    const failing = await scene().inbox((_request, response) => response.writeHead(500).end());
    const other = await scene().inbox((_request, response) =>
      response.writeHead(other.requests.length < 3 ? 500 : 200).end(),
    );
    const uuid = await daemon.subscribe(['deleted'], failing.url);
    await daemon.subscribe(['deleted'], other.url);
    await publisher.publish({ name: 'deleted', data: {} });
    await until('the first attempt failed', () => failing.requests.length > 0);
    await daemon.call('DELETE', `/subscriptions/${uuid}`);
    const before = failing.requests.length;
    await other.received(3);
    expect(failing.requests).toHaveLength(before);
  });
});
