import { randomUUID } from 'node:crypto';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { TestPublisher } from '../support/publisher.ts';
import { newVhost } from '../support/vhost.ts';

let brokerUrl = '';

beforeAll(async () => {
  brokerUrl = await newVhost();
});

/** Over an exchange and a queue of their own. */
async function deliverOver(type: string, more: Record<string, string> = {}) {
  const [exchange, queue] = [`exchange-${randomUUID()}`, `queue-${randomUUID()}`];
  const bus = { exchange_name: exchange, exchange_type: type, queue_name: queue, ...more };
  const daemon = new TestDaemon({ brokerUrl, config: { bus } });
  onTestFinished(() => daemon.remove());
  const inbox = await Inbox.open();
  onTestFinished(() => inbox.close());
  const publisher = await TestPublisher.open(brokerUrl, exchange, type);
  onTestFinished(() => publisher.close());
  await daemon.start();
  const uuid = await daemon.subscribe(['wanted', 'wanted.too'], inbox.url);
  return { daemon, inbox, publisher, queue, uuid };
}

test.each(['headers', 'topic', 'direct', 'fanout'])(
  'events come over a %s exchange, and only those wanted are delivered',
  async (type) => {
    const { daemon, inbox, publisher, queue } = await deliverOver(type);
    await publisher.publish(
      { name: 'wanted', data: { id: 1 } },
      { name: 'unwanted', data: { id: 2 } },
      { name: 'wanted.too', data: { id: 3 } },
    );
    await inbox.received(2);
    expect(inbox.bodies.map(({ id }) => id).sort()).toEqual([1, 3]);
    const { channel } = publisher;
    expect(await channel.checkQueue(queue)).toMatchObject({ consumerCount: 1 });
    await channel.checkQueue(`${queue}.dead-letter`);
    expect(await daemon.stop()).toBe(0);
  },
);

test('a routing key of one’s own binds with it: what its publisher calls the event counts', async () => {
  const { inbox, publisher } = await deliverOver('topic', { routing_key: 'wazo.#' });
  publisher.raw(
    Buffer.from('{"name":"wanted","data":{"id":1}}'),
    { headers: {} },
    'wazo.calls.created',
  );
  publisher.raw(Buffer.from('{"name":"wanted","data":{"id":2}}'), { headers: {} }, 'elsewhere');
  publisher.raw(
    Buffer.from('{"name":"wanted.too","data":{"id":3}}'),
    { headers: {} },
    'wazo.calls.ended',
  );
  await inbox.received(2);
  expect(inbox.bodies.map(({ id }) => id).sort()).toEqual([1, 3]);
});

test('a name that makes too long a routing key is refused, and hurts nobody', async () => {
  const { daemon, inbox, publisher } = await deliverOver('topic', { routing_key: 'wazo.{name}' });
  const input = { name: 'long', service: 'http', config: { url: inbox.url } };
  const events = ['fine', 'é'.repeat(126)];
  expect(await daemon.call('POST', '/subscriptions', { ...input, events })).toMatchObject({
    status: 400,
    body: { details: { 'events.1': { constraint_id: 'maxLength', constraint: 255 } } },
  });
  await daemon.subscribe(['fine'], inbox.url);
  publisher.raw(Buffer.from('{"name":"fine","data":{"id":1}}'), { headers: {} }, 'wazo.fine');
  await inbox.received(1);
  expect(await daemon.stop()).toBe(0);
});

test('a name is in the routing key as it is', async () => {
  const { daemon, inbox, publisher } = await deliverOver('topic');
  await daemon.subscribe(['a$$b'], inbox.url);
  await publisher.publish({ name: 'a$$b', data: { id: 1 } });
  await inbox.received(1);
});

test('patterns are refused over a direct exchange, which has no key for everything', async () => {
  const { daemon, inbox } = await deliverOver('direct');
  const input = { name: 'pattern', service: 'http', config: { url: inbox.url } };
  const events = ['call_*'];
  expect(await daemon.call('POST', '/subscriptions', { ...input, events })).toMatchObject({
    status: 400,
    body: { details: { 'events.0': { constraint_id: 'pattern' } } },
  });
});

test.each([
  ['fanout', {}],
  ['topic', { routing_key: '#' }],
  ['topic', {}],
])(
  'over a %s exchange with %j, what one subscription no longer names still comes to another',
  async (type, more) => {
    const { daemon, inbox, publisher, uuid } = await deliverOver(type, more);
    // On a topic exchange this name has the key that everything has.
    const hash = await daemon.subscribe(['#'], inbox.url);
    await daemon.subscribe(['kept*'], inbox.url);
    await daemon.call('DELETE', `/subscriptions/${uuid}`);
    await daemon.call('DELETE', `/subscriptions/${hash}`);
    await publisher.publish({ name: 'wanted', data: { id: 1 } }, { name: 'kept', data: { id: 2 } });
    await inbox.received(1);
    expect(inbox.bodies).toEqual([{ id: 2 }]);
  },
);

test('a queue may be a quorum queue', async () => {
  const { inbox, publisher } = await deliverOver('headers', { queue_type: 'quorum' });
  await publisher.publish({ name: 'wanted', data: { id: 1 } });
  await inbox.received(1);
});
