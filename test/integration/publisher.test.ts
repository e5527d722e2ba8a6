import { type ConfirmChannel, connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { brokerAddress } from '../../dist/bus/address.js';
import { BusConnection } from '../../dist/bus/connection.js';
import { BusPublisher, type Publication } from '../../dist/bus/publisher.js';
import { busConfig } from '../support/config.ts';
import { CutCable } from '../support/cut-cable.ts';
import { silentLog } from '../support/logs.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

/** A publisher behind a cable, and a queue at the other end. */
async function setUp(prepare?: (channel: ConfirmChannel) => Promise<void>) {
  const url = new URL(await newVhost());
  const direct = await connect(url.href);
  onTestFinished(() => direct.close());
  const channel = await direct.createChannel();
  const { queue } = await channel.assertQueue('');
  const cable = await CutCable.open({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => cable.close());
  url.host = `127.0.0.1:${cable.port}`;
  const connection = new BusConnection({
    purpose: 'test',
    address: () => brokerAddress(busConfig(`bus: { url: '${url.href}' }`)),
    connectTimeout: 10_000,
    longestSilence: 10_000,
    maxDelay: 100,
    log: silentLog,
  });
  onTestFinished(() => connection.stop());
  const publisher = new BusPublisher({
    connection,
    maxUnconfirmed: 256,
    ...(prepare && { prepare }),
  });
  const publish = (text: string, more: Partial<Publication> = {}) =>
    publisher.publish({
      exchange: '',
      routingKey: queue,
      content: Buffer.from(text),
      options: {},
      ...more,
    });
  const next = async () => {
    const message = await channel.get(queue, { noAck: true });
    return message && message.content.toString();
  };
  return { cable, connection, publish, next };
}

test('what was not confirmed when the connection was lost is published again on the next one', async () => {
  const { cable, publish, next } = await setUp();
  await publish('before');
  cable.cut('from target');
  const all = Promise.all(['a', 'b', 'c'].map((text) => publish(text)));
  const arrived: string[] = [];
  const take = async () => {
    const text = await next();
    if (text !== false) arrived.push(text);
  };
  await until('the broker has them', async () => (await take(), arrived.length === 4));
  cable.mend();
  await expect(all).resolves.toHaveLength(3);
  await until('it has them again', async () => (await take(), arrived.length === 7));
  expect(arrived).toEqual(['before', 'a', 'b', 'c', 'a', 'b', 'c']);
});

test('a connection that is lost is given to nobody from that moment on', async () => {
  const { cable, connection } = await setUp();
  connection.start();
  const lost = await connection.ready();
  const next = new Promise((resolve) => lost.once('close', () => resolve(connection.ready())));
  cable.drop();
  expect((await next) === lost).toBe(false);
});

test('a connection that is lost while the channel is made ready is no refusal', async () => {
  let lose: (() => void) | undefined;
  const { cable, publish, next } = await setUp(async (channel) => {
    lose?.();
    lose = undefined;
    await channel.checkExchange('amq.direct');
  });
  lose = () => cable.drop();
  await publish('a');
  expect(await next()).toBe('a');
});

test('who publishes to an exchange that is not there is told so by the broker’s own words', async () => {
  const { publish, next } = await setUp();
  await expect(publish('a', { exchange: 'nowhere' })).rejects.toThrow(
    /^not published: .*NOT_FOUND - no exchange 'nowhere'/,
  );
  await publish('b');
  expect(await next()).toBe('b');
});
