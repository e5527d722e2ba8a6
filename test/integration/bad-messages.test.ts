import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { type ConfirmChannel, connect, type GetMessage, type Options } from 'amqplib';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { runCtl } from '../support/broker.ts';
import { TestDaemon } from '../support/daemon.ts';
import type { Inbox } from '../support/inbox.ts';
import { deepJson, growingHeader } from '../support/messages.ts';
import { packageRoot } from '../support/root.ts';
import { useScene } from '../support/scene.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

const scene = useScene();

let inbox: Inbox;
let sent = 0;

beforeEach(async () => {
  inbox = await scene().inbox();
  const uuid = await scene().daemon.subscribe(['served'], inbox.url);
  onTestFinished(async () => {
    await scene().daemon.call('DELETE', `/subscriptions/${uuid}`);
  });
});

/** The next event is delivered, as if nothing had happened. */
async function nextIsServed(): Promise<void> {
  const id = `next-${sent++}`;
  await scene().publisher.publish({ name: 'served', data: { id } });
  await until('the next event is served', () =>
    inbox.requests.some(({ body }) => body.includes(id)),
  );
}

/** Takes one message from the dead-letter queue. */
async function deadLetter(): Promise<GetMessage> {
  const connection = await connect(scene().brokerUrl);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  return until('a message in the dead-letter queue', async () =>
    channel.get('webhookd.dead-letter', { noAck: true }),
  );
}

/** A user who is not the daemon's, with a channel. */
async function otherUser(): Promise<{ name: string; channel: ConfirmChannel }> {
  const control = inject('brokerControl');
  const url = new URL(scene().brokerUrl);
  const name = `other-${randomUUID()}`;
  await runCtl(control, 'add_user', name, 'password');
  await runCtl(control, 'set_permissions', '-p', url.pathname.slice(1), name, '.*', '.*', '.*');
  Object.assign(url, { username: name, password: 'password' });
  const connection = await connect(url.href);
  onTestFinished(() => connection.close());
  return { name, channel: await connection.createConfirmChannel() };
}

const headers = { name: 'served' };

describe('goes to the dead-letter queue, and the next event is served', () => {
  test.each<[string, Buffer]>([
    ['a message that is not JSON', Buffer.from('hello')],
    ['an empty message', Buffer.alloc(0)],
    ['a message that is not UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
    ['a message that is a list', Buffer.from('[1]')],
    ['a message over 1 MiB', Buffer.from(`{"data":"${'x'.repeat(1_048_576)}"}`)],
    ['a message 100,000 levels deep', Buffer.from(`{"data":${deepJson(100_000)}}`)],
  ])('%s', async (what, content) => {
    const { publisher, daemon } = scene();
    const status = async () =>
      (await daemon.call<{ bus_consumer: { dead_lettered: number } }>('GET', '/status')).body
        .bus_consumer.dead_lettered;
    const before = await status();
    publisher.raw(content, { headers, messageId: what });
    await nextIsServed();
    const message = await deadLetter();
    expect(message.content.equals(content)).toBe(true);
    expect(message.properties.messageId).toBe(what);
    expect(message.properties.headers?.['x-first-death-queue']).toBe('webhookd');
    expect(await status()).toBe(before + 1);
    const told = () => daemon.log.filter(({ message_id: id }) => id === what);
    await until('it is logged', () => told().length > 0);
    expect(told().map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^message sent to the dead-letter queue: its|it is/),
    ]);
  });
});

describe('a bad message that the broker cannot put aside itself', () => {
  const death = { queue: 'q', reason: 'rejected', exchange: '', count: 1, 'routing-keys': [] };

  test.each<[string, (user: string) => Options.Publish]>([
    ['of another user', (userId) => ({ userId })],
    ['that is to expire', () => ({ expiration: 1_000 })],
    ['that died at no time', () => ({ headers: { 'x-death': [{ ...death, time: null }] } })],
    ['with headers that cannot be written again', () => ({ headers: { odd: growingHeader } })],
  ])('%s is put aside once, and stays there', async (_what, propertiesFor) => {
    const { name, channel } = await otherUser();
    const properties = propertiesFor(name);
    channel.publish('wazo-headers', '', Buffer.from('nonsense'), {
      ...properties,
      headers: { ...headers, 'x-death': 'x', ...(properties.headers as object | undefined) },
    });
    await channel.waitForConfirms();
    const count = async (queue: string) => (await channel.checkQueue(queue)).messageCount;
    await until('it is put aside', async () => (await count('webhookd.dead-letter')) === 1);
    await nextIsServed();
    // What expires later is gone: so it would be too.
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('later'), { expiration: 1_000 });
    await channel.waitForConfirms();
    await until('the later one is gone', async () => (await count(queue)) === 0);
    expect(await count('webhookd.dead-letter')).toBe(1);
    expect((await deadLetter()).content.toString()).toBe('nonsense');
  });
});

test('a message of another user that was put aside can be put back, and so can those after it', async () => {
  const { channel, name } = await otherUser();
  for (const id of ['theirs', 'ours'])
    channel.sendToQueue('webhookd.dead-letter', Buffer.from(JSON.stringify({ data: { id } })), {
      headers,
      ...(id === 'theirs' ? { userId: name } : {}),
    });
  await channel.waitForConfirms();
  expect(await scene().daemon.call('POST', '/deadletter/redrive', { all: true })).toMatchObject({
    status: 200,
    body: { messages: 2 },
  });
  await inbox.received(2);
  expect(inbox.bodies.map(({ id }) => id).sort()).toEqual(['ours', 'theirs']);
});

test('a message that cannot be written again stays put aside, and those after it are put back', async () => {
  const { channel } = await otherUser();
  const queue = 'webhookd.dead-letter';
  for (const id of ['odd', 'fine'])
    channel.sendToQueue(queue, Buffer.from(JSON.stringify({ data: { id } })), {
      headers: { ...headers, ...(id === 'odd' ? { odd: growingHeader } : {}) },
    });
  await channel.waitForConfirms();
  onTestFinished(async () => {
    await channel.purgeQueue(queue);
  });
  expect(await scene().daemon.call('POST', '/deadletter/redrive', { all: true })).toMatchObject({
    status: 200,
    body: { messages: 1 },
  });
  await inbox.received(1);
  expect(inbox.bodies.map(({ id }) => id)).toEqual(['fine']);
  expect(await scene().daemon.call('GET', '/deadletter')).toMatchObject({ body: { total: 1 } });
});

test('what was put aside stays there as long as there is no queue to put it back into', async () => {
  const brokerUrl = await newVhost();
  const connection = await connect(brokerUrl);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  // Not as the daemon makes it, which stops there, and makes no other queue.
  const queue = 'webhookd.dead-letter';
  await channel.assertQueue(queue, { maxLength: 10 });
  channel.sendToQueue(queue, Buffer.from('{"data":{}}'), { headers });
  await channel.waitForConfirms();
  const daemon = new TestDaemon({ brokerUrl });
  onTestFinished(() => daemon.remove());
  await daemon.spawn();
  await daemon.logged('cannot consume: ');
  expect(await daemon.call('POST', '/deadletter/redrive', { all: true })).toMatchObject({
    status: 503,
    body: { message: expect.stringContaining('no queue takes it') as string },
  });
  expect(await daemon.call('GET', '/deadletter')).toMatchObject({ body: { total: 1 } });
});

/** With a larger stack than the test's: the library's encoder calls itself for every level too. */
const publishNested = `
  import { connect } from 'amqplib';
  const connection = await connect(process.argv[1]);
  const channel = await connection.createConfirmChannel();
  let nested = {};
  for (let level = 0; level < 9_000; level++) nested = { a: nested };
  const headers = { name: 'served', nested };
  channel.publish('wazo-headers', '', Buffer.from('{"data":{}}'), { headers });
  await channel.waitForConfirms();
  await connection.close();
`;

test('headers nested deeper than the client library can decode do not stop the queue', async () => {
  const { daemon, brokerUrl: url } = scene();
  const options = ['--stack-size=7000', '--input-type=module', '--eval', publishNested, url];
  await promisify(execFile)(process.execPath, options, { cwd: packageRoot });
  await daemon.logged('its headers cannot be decoded: nested too deeply');
  await nextIsServed();
});

describe('is delivered', () => {
  test.each<[string, unknown]>([
    ['binary', Buffer.from([0, 255, 254])],
    ['a date', { '!': 'timestamp', value: 1_700_000_000 }],
    ['a 64-bit number', { '!': 'int64', value: 2 ** 60 }],
    ['a table of tables', { a: { b: { c: [1, Buffer.from('x')] } } }],
    ['long', 'x'.repeat(50_000)],
  ])('an event with a header that is %s', async (what, value) => {
    scene().publisher.raw(Buffer.from(JSON.stringify({ data: { what } })), {
      headers: { ...headers, odd: value },
    });
    await until('the event is delivered', () =>
      inbox.requests.some(({ body }) => body.includes(JSON.stringify(what))),
    );
    await nextIsServed();
  });

  test('an event 1,000 levels deep', async () => {
    const data = deepJson(1_000);
    scene().publisher.raw(Buffer.from(`{"data":${data}}`), { headers });
    await until('the event is delivered', () => inbox.requests.some(({ body }) => body === data));
    await nextIsServed();
  });
});

describe('is nobody’s business', () => {
  test('an event with a name of 10,000 characters: it is no trouble', async () => {
    scene().publisher.raw(Buffer.from(JSON.stringify({ data: {} })), {
      headers: { ...headers, name: 'n'.repeat(10_000) },
    });
    scene().publisher.raw(Buffer.from(JSON.stringify({ name: 'n'.repeat(10_000), data: {} })), {
      headers: {},
    });
    await nextIsServed();
  });
});

test('many bad messages among good ones: every good one is delivered once', async () => {
  const { publisher } = scene();
  for (let id = 0; id < 300; id++) {
    publisher.raw(Buffer.from(JSON.stringify({ data: { id } })), { headers });
    publisher.raw(Buffer.from('nonsense'), { headers });
  }
  await publisher.channel.waitForConfirms();
  await inbox.received(300);
  await nextIsServed();
  const counts = inbox.countsById();
  for (let id = 0; id < 300; id++) expect(counts.get(id)).toBe(1);
});
