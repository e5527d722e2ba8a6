/** What follows from events, and what the bus is told: a crash or a broker that is away loses none of it. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { CutCable } from '../support/cut-cable.ts';
import { TestDaemon } from '../support/daemon.ts';
import { about, listen } from '../support/listener.ts';
import { TestPublisher } from '../support/publisher.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

function makeDaemon(brokerUrl: string): TestDaemon {
  const daemon = new TestDaemon({ brokerUrl });
  onTestFinished(() => daemon.remove());
  return daemon;
}

interface Listed {
  items: { uuid: string }[];
}

const listed = async (daemon: TestDaemon): Promise<string[]> =>
  (await daemon.call<Listed>('GET', '/subscriptions?recurse=true')).body.items.map(
    ({ uuid }) => uuid,
  );

/** Two starts of a daemon, on a machine that may be busy; ms. */
const patience = 180_000;

const anywhere = 'http://127.0.0.1:9/';

test.each([
  ['user_deleted', 'owner_user_uuid'],
  ['auth_tenant_deleted', 'owner_tenant_uuid'],
])(
  'subscriptions end with their owner even when the daemon is killed half-way: %s',
  async (name, owner) => {
    const brokerUrl = await newVhost();
    const daemon = await makeDaemon(brokerUrl).start();
    const publisher = await TestPublisher.open(brokerUrl);
    onTestFinished(() => publisher.close());
    const gone = randomUUID();
    const make = (more: object) => ({
      uuid: randomUUID(),
      owner_tenant_uuid: randomUUID(),
      ...{ name: 'test', service: 'http', events: [], config: { url: anywhere } },
      ...more,
    });
    const meant = Array.from({ length: 150 }, () => make({ [owner]: gone }));
    const stays = make({});
    const imported = await daemon.call('POST', '/subscriptions/import', {
      subscriptions: [...meant, stays],
    });
    expect(imported).toMatchObject({ status: 200, body: { total: 151 } });

    await publisher.publish({ name, data: { uuid: gone } });
    await until('the first is gone', async () => (await listed(daemon)).length < 151);
    await daemon.kill();
    await daemon.start();
    await until('all are gone but one', async () => (await listed(daemon)).length === 1);
    expect(await listed(daemon)).toEqual([stays.uuid]);
  },
  patience,
);

test(
  'changes made while the broker is away are told, in their order, after a crash and its return',
  async () => {
    const brokerUrl = await newVhost();
    const heard = await listen(brokerUrl);
    const { hostname, port, pathname } = new URL(brokerUrl);
    const cable = await CutCable.open({ host: hostname, port: Number(port) });
    onTestFinished(() => cable.close());
    const daemon = await makeDaemon(
      `amqp://guest:guest@127.0.0.1:${cable.port}${pathname}`,
    ).start();

    cable.cut();
    // The answers wait for the broker; what was asked for does not.
    const input = { name: 'first', service: 'http', events: [], config: { url: anywhere } };
    const ask = (method: string, path: string, body?: unknown) =>
      void daemon.call(method, path, body).catch(() => undefined);
    ask('POST', '/subscriptions', input);
    const uuid = await until('it is there', async () => (await listed(daemon))[0]);
    ask('PUT', `/subscriptions/${uuid}`, { ...input, name: 'second' });
    await until('it is changed', async () => {
      const { body } = await daemon.call('GET', `/subscriptions/${uuid}`);
      return body['name'] === 'second';
    });
    ask('DELETE', `/subscriptions/${uuid}`);
    await until('it is gone', async () => (await listed(daemon)).length === 0);
    await daemon.kill();
    expect(heard).toEqual([]);

    cable.mend();
    await daemon.start();
    const events = await about(heard, uuid, 3);
    expect(events.map(({ body }) => [body.name, body.data['name']])).toEqual([
      ['webhookd_subscription_created', 'first'],
      ['webhookd_subscription_updated', 'second'],
      ['webhookd_subscription_deleted', 'second'],
    ]);
  },
  patience,
);
