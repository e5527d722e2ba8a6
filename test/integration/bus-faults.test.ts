/** What brokers do to their clients, and that events go on being delivered. */
import { afterEach, expect, test } from 'vitest';
import { startBroker, type Broker } from '../support/broker.ts';
import { CutCable } from '../support/cut-cable.ts';
import { TestDaemon } from '../support/daemon.ts';
import { FakeBroker } from '../support/fake-broker.ts';
import { Inbox } from '../support/inbox.ts';
import { TestPublisher } from '../support/publisher.ts';
import { until } from '../support/wait.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const later = <T>(thing: T, cleanup: (thing: T) => Promise<unknown>): T => {
  cleanups.push(() => cleanup(thing));
  return thing;
};

const openInbox = async () => later(await Inbox.open(), (inbox) => inbox.close());
const makeDaemon = (brokerUrl: string) =>
  later(new TestDaemon({ brokerUrl, config: { bus: { reconnect_max_delay: 1 } } }), (daemon) =>
    daemon.remove(),
  );
const openBroker = async (): Promise<Broker> =>
  later(await startBroker(), (broker) => broker.stop());

/** How soon the status has to tell what became of the broker, ms. */
const statusPatience = 10_000;

async function busStatus(daemon: TestDaemon): Promise<string> {
  const { body } = await daemon.call<{ bus_consumer: { status: string } }>('GET', '/status');
  return body.bus_consumer.status;
}

async function publish(broker: Broker, id: string): Promise<void> {
  const publisher = await TestPublisher.open(broker.url);
  await publisher.publish({ name: 'call_created', data: { id } });
  await publisher.close();
}

async function expectDelivery(inbox: Inbox, id: string): Promise<void> {
  await until(`${id} is delivered`, () => inbox.countsById().get(id) === 1);
}

test('a connection that is closed together with open-ok is tried again until it holds', async () => {
  const fake = later(await FakeBroker.open(), (broker) => broker.close());
  const daemon = makeDaemon(`amqp://guest:guest@127.0.0.1:${fake.port}`);
  await daemon.spawn();
  await daemon.logged('webhookd started');
  await until('the daemon comes back', () => fake.closedWithOpenOk >= 3);
  expect(daemon.log.some(({ msg }) => msg.includes('cannot connect to the bus'))).toBe(true);
  expect(daemon.output).not.toContain('webhookd is ready');
  expect(await busStatus(daemon)).toBe('fail');
  expect(await daemon.stop()).toBe(0);
});

test('one broker goes through its faults, and every event is delivered once', async () => {
  const broker = await openBroker();
  const inbox = await openInbox();
  await broker.halt();

  const daemon = makeDaemon(broker.url);
  await daemon.spawn();
  await daemon.logged('cannot connect to the bus');
  await daemon.logged('webhookd started');
  expect(daemon.output).not.toContain('webhookd is ready');
  await daemon.subscribe(['call_created'], inbox.url);

  await broker.start();
  await daemon.ready();
  await publish(broker, 'after the broker appeared');
  await expectDelivery(inbox, 'after the broker appeared');

  await broker.halt();
  await until('status says so', async () => (await busStatus(daemon)) === 'fail', statusPatience);
  await broker.start();
  await until('status says so', async () => (await busStatus(daemon)) === 'ok', statusPatience);
  await publish(broker, 'after a restart');
  await expectDelivery(inbox, 'after a restart');

  await consumingAgain(daemon, () => broker.ctl('delete_queue', 'webhookd'));
  expect(daemon.log.some(({ msg }) => msg.includes('was the queue deleted?'))).toBe(true);
  await publish(broker, 'after the queue was deleted');
  await expectDelivery(inbox, 'after the queue was deleted');

  await consumingAgain(daemon, () => broker.ctl('close_all_connections', 'a test'));
  await publish(broker, 'after the connection was closed');
  await expectDelivery(inbox, 'after the connection was closed');

  await broker.ctl('change_password', 'guest', 'changed');
  await broker.ctl('close_all_connections', 'a test');
  const refused = await daemon.logged('the broker refuses the username or password');
  expect(JSON.stringify(refused)).not.toContain('guest:guest');
  await consumingAgain(daemon, () => broker.ctl('change_password', 'guest', 'guest'));
  await publish(broker, 'after the password was set back');
  await expectDelivery(inbox, 'after the password was set back');

  expect(inbox.requests).toHaveLength(5);
  expect(await daemon.stop()).toBe(0);
});

/** Waits until the daemon consumes anew after something was done to it. */
async function consumingAgain(daemon: TestDaemon, act: () => Promise<unknown>): Promise<void> {
  const count = () => daemon.log.filter(({ msg }) => msg === 'consuming').length;
  const before = count();
  await act();
  await until('the daemon consumes again', () => count() > before);
}

test('during an alarm the API answers, what was not put back stays, and the daemon stops', async () => {
  const broker = await openBroker();
  const inbox = await openInbox();
  const daemon = makeDaemon(broker.url);
  await daemon.start();
  await daemon.subscribe(['call_created'], inbox.url);
  const publisher = await TestPublisher.open(broker.url);
  publisher.raw(Buffer.from('no event'), { headers: { name: 'call_created' } });
  await publisher.channel.waitForConfirms();
  await publisher.close();
  const letters = () => daemon.call<{ total: number }>('GET', '/deadletter');
  await until('it is put aside', async () => (await letters()).body.total === 1);

  await broker.ctl('set_vm_memory_high_watermark', '0.00001');
  await daemon.subscribe(['call_ended'], inbox.url);
  await daemon.logged('the broker takes no messages at present');
  expect((await daemon.call('POST', '/deadletter/redrive', { all: true })).status).toBe(503);
  expect(await letters()).toMatchObject({ status: 200, body: { total: 1 } });
  expect(await daemon.stop()).toBe(0);
  await broker.ctl('set_vm_memory_high_watermark', '0.4');
  await daemon.start();
  await publish(broker, 'after the alarm');
  await expectDelivery(inbox, 'after the alarm');
  expect(await letters()).toMatchObject({ status: 200, body: { total: 1 } });
  // Put back after all, it would have been put aside once more.
  expect(daemon.log.map(({ msg }) => msg).join()).not.toContain('sent to the dead-letter queue');
});

test('changed credentials are taken up with SIGHUP', async () => {
  const broker = await openBroker();
  const inbox = await openInbox();
  const daemon = makeDaemon(broker.url);
  await daemon.start();
  await daemon.subscribe(['call_created'], inbox.url);
  await broker.ctl('change_password', 'guest', 'changed');
  await broker.ctl('close_all_connections', 'a test');
  await daemon.logged('the broker refuses the username or password');
  await consumingAgain(daemon, () => {
    daemon.writeConfig({ bus: { url: broker.url.replace('guest:guest', 'guest:changed') } });
    daemon.signal('SIGHUP');
    return Promise.resolve();
  });
  await broker.ctl('change_password', 'guest', 'guest');
  await publish(broker, 'with the new password');
  await expectDelivery(inbox, 'with the new password');
});

test('a broker that falls silent without a word is noticed by the status, and so is its return', async () => {
  const broker = await openBroker();
  const cable = later(await CutCable.open({ host: '127.0.0.1', port: broker.port }), (way) =>
    way.close(),
  );
  const daemon = later(
    new TestDaemon({ brokerUrl: `amqp://guest:guest@127.0.0.1:${cable.port}` }),
    (it) => it.remove(),
  );
  await daemon.start();
  const inbox = await openInbox();
  await daemon.subscribe(['call_created'], inbox.url);
  expect(await busStatus(daemon)).toBe('ok');

  cable.cut();
  await until('status says so', async () => (await busStatus(daemon)) === 'fail', statusPatience);
  await publish(broker, 'while the way was cut');
  cable.mend();
  await until('status says so', async () => (await busStatus(daemon)) === 'ok', statusPatience);
  await expectDelivery(inbox, 'while the way was cut');
});
