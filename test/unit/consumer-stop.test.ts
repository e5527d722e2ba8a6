import { EventEmitter } from 'node:events';
import type { ConsumeMessage } from 'amqplib';
import { expect, test } from 'vitest';
import { BusConnection } from '../../dist/bus/connection.js';
import { BusConsumer } from '../../dist/bus/consumer.js';
import { Bindings } from '../../dist/bus/topology.js';
import { brokerAddress } from '../../dist/bus/address.js';
import { busConfig } from '../support/config.ts';
import { silentLog } from '../support/logs.ts';
import { sampleMessage } from '../support/messages.ts';
import { until } from '../support/wait.ts';

/** A consumer whose connection never comes up. */
function consumerWith(gate: () => Promise<void>): BusConsumer {
  const bus = busConfig();
  const connection = new BusConnection({
    purpose: 'test',
    address: () => brokerAddress(bus),
    connectTimeout: 1_000,
    longestSilence: 7_500,
    maxDelay: 1_000,
    log: silentLog,
  });
  return new BusConsumer({
    connection,
    bindings: new Bindings(bus, silentLog),
    bus,
    onMessage: () => undefined,
    gate,
    log: silentLog,
  });
}

test('a consumer that waits for the store can be stopped', async () => {
  const consumer = consumerWith(() => new Promise(() => undefined));
  consumer.start();
  await expect(consumer.stop()).resolves.toBeUndefined();
  expect(consumer.isConsuming).toBe(false);
});

test('a consumer that waits for the broker can be stopped', async () => {
  const consumer = consumerWith(() => Promise.resolve());
  consumer.start();
  await expect(consumer.stop()).resolves.toBeUndefined();
});

test('a consumer that was never started can be stopped', async () => {
  await expect(consumerWith(() => Promise.resolve()).stop()).resolves.toBeUndefined();
});

test('a message that comes once it is told to stop is left to the broker', async () => {
  let deliver: ((message: ConsumeMessage) => void) | undefined;
  const done = () => Promise.resolve();
  const channel = Object.assign(new EventEmitter(), {
    assertExchange: done,
    assertQueue: done,
    bindQueue: done,
    prefetch: done,
    close: done,
    consume: (_queue: string, callback: typeof deliver) => {
      deliver = callback;
      return new Promise(() => undefined);
    },
  });
  const model = { createChannel: () => Promise.resolve(channel) };
  const bus = busConfig();
  const received: ConsumeMessage[] = [];
  const consumer = new BusConsumer({
    connection: { ready: () => Promise.resolve(model) } as unknown as BusConnection,
    bindings: new Bindings(bus, silentLog),
    bus,
    onMessage: (message) => void received.push(message),
    gate: () => Promise.resolve(),
    log: silentLog,
  });
  consumer.start();
  await until('it consumes', () => deliver !== undefined);
  deliver?.(sampleMessage({}));
  expect(received).toHaveLength(1);
  await consumer.pause();
  deliver?.(sampleMessage({}));
  expect(received).toHaveLength(1);
});
