import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import { afterEach, expect, test, vi } from 'vitest';
import { packAnnouncement } from '../../dist/bus/outbox.js';
import { BusPublisher } from '../../dist/bus/publisher.js';
import type { Cradle } from '../../dist/daemon/cradle.js';
import { busMakers } from '../../dist/daemon/makers/bus.js';
import { busConfig } from '../support/config.ts';
import { silentLog } from '../support/logs.ts';
import { until } from '../support/wait.ts';

afterEach(() => vi.restoreAllMocks());

/** A publisher to a broker that reads nothing any more, and so never confirms or closes anything. */
function setUp(maxUnconfirmed = 256) {
  const written: string[] = [];
  const never = () => new Promise<never>(() => undefined);
  const channel = Object.assign(new EventEmitter(), {
    publish: (_exchange: string, _key: string, _content: Buffer, options: { messageId: string }) =>
      written.push(options.messageId),
    waitForConfirms: never,
    close: never,
  });
  const model = { createConfirmChannel: () => Promise.resolve(channel) };
  const publisher = new BusPublisher({
    connection: {
      start: () => undefined,
      ready: () => Promise.resolve(model as unknown as ChannelModel),
    },
    maxUnconfirmed,
  });
  const publish = (messageId: string, timeout: number | null) =>
    publisher.publish(
      { exchange: '', routingKey: '', content: Buffer.from(''), options: { messageId } },
      timeout,
    );
  return { publisher, publish, written };
}

test('it stops although the broker neither confirms nor closes', async () => {
  const { publisher, publish, written } = setUp();
  void publish('a', null);
  await until('it is written', () => written.length === 1);
  let isStopped = false;
  void publisher.stop().then(() => (isStopped = true));
  await until('it is stopped', () => isStopped, 10_000);
});

test('who finds no place gives up in time, and takes none of those behind', async () => {
  const { publish, written } = setUp(1);
  const first = publish('first', 300);
  await expect(publish('second', 10)).rejects.toThrow('too many messages wait');
  const third = publish('third', 1_000);
  await expect(first).rejects.toThrow('did not confirm in time');
  await expect(third).rejects.toThrow('did not confirm in time');
  expect(written).toEqual(['first', 'third']);
});

test('what is kept for the bus is written once, however long the broker does not confirm', async () => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((delay) => timeout(delay / 100));
  const { publisher, publish, written } = setUp();
  const cradle = {
    publisher,
    config: { bus: busConfig() },
    serverUuid: 'here',
    log: silentLog,
    store: {
      announcements: () =>
        Promise.resolve([{ id: 1, message: packAnnouncement({ name: 'a', data: null }) }]),
    },
  } as unknown as Cradle;
  const outbox = busMakers.outbox({ ...cradle, publish: busMakers.publish(cradle) });
  outbox.wake();
  await until('it is written', () => written.length === 1);
  for (const period of ['first', 'second', 'third'])
    await expect(publish(period, 30_000)).rejects.toThrow('did not confirm in time');
  expect(written.slice(1)).toEqual(['first', 'second', 'third']);
  outbox.stop();
});
