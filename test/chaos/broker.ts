/** What happens to the broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../support/broker.ts';
import { startCluster } from '../support/cluster.ts';
import { CutCable } from '../support/cut-cable.ts';
import { until } from '../support/wait.ts';
import type { ChaosOptions, Scenarios } from './scenario.ts';
import { onStand, type Stand } from './stand.ts';

/** It is killed in a burst and started again. */
const killed = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { broker, random, isSmall, say } = options;
    const kills = isSmall ? 1 : 3;
    let worstRecovery = 0;
    const publishing = stand.publish();
    for (let kill = 1; kill <= kills; kill++) {
      await stand.burst((kill - 1 + 0.2 + 0.6 * random()) / kills);
      await broker.kill();
      const killedAt = performance.now();
      say(`kill ${kill}: ${stand.sink.counts().size} had arrived`);
      await broker.start();
      worstRecovery = Math.max(worstRecovery, await stand.goesOn(killedAt));
    }
    await publishing;
    return stand.report(worstRecovery);
  });

/** It is stopped for a minute in a burst. The recovery counts from its return. */
const stopped = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { broker, isSmall, isNaive } = options;
    const publishing = stand.publish();
    await stand.burst(0.3);
    await broker.halt();
    if (!isNaive) await until('the status tells', async () => (await busStatus(stand)) === 'fail');
    await sleep(isSmall ? 3_000 : 60_000);
    await broker.start();
    const worstRecovery = await stand.goesOn(performance.now());
    await publishing;
    if (!isNaive) await until('the status tells', async () => (await busStatus(stand)) === 'ok');
    return stand.report(worstRecovery);
  });

async function busStatus({ daemon }: Stand): Promise<string> {
  const { body } = await daemon.call<{ bus_consumer: { status: string } }>('GET', '/status');
  return body.bus_consumer.status;
}

/** It has no memory, then no disk: publishers are blocked, what it has is delivered all the same. */
const alarms = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { broker, events, say } = options;
    const { daemon } = stand;
    let worstRecovery = 0;
    const settings = [
      ['set_vm_memory_high_watermark', '0.00001', '0.4'],
      ['set_disk_free_limit', '900000GB', '50MB'],
    ] as const;
    const part = Math.floor(events / 4);
    let from = 0;
    for (const [command, alarm, normal] of settings) {
      await daemon.stop();
      await stand.publish({ from, count: part });
      await broker.ctl(command, alarm);
      try {
        await daemon.start();
        // A change while publishers are blocked: what the daemon tells of it has to wait, the caller has not.
        await daemon.subscribe(['never_published'], stand.sink.url);
        from += part;
        await stand.arrived(from);
        say(`${command}: ${from} arrived while publishers were blocked`);
        const { status } = await daemon.call('GET', '/deadletter');
        if (status !== 200) throw new Error(`dead letters are answered with ${status}`);
        await daemon.stop();
      } finally {
        await broker.ctl(command, normal);
      }
      await daemon.start();
      const began = performance.now();
      const rest = stand.publish({ from, count: part });
      worstRecovery = Math.max(worstRecovery, await stand.goesOn(began));
      await rest;
      from += part;
    }
    return stand.report(worstRecovery);
  });

/** Three nodes with a quorum queue: the one that leads it, and that the daemon is connected to, is killed. */
async function nodeKilled(options: ChaosOptions) {
  const nodes = await startCluster(3);
  const [first, second] = nodes as [Broker, Broker, Broker];
  const cable = await CutCable.open({ host: '127.0.0.1', port: first.port });
  const url = `amqp://guest:guest@127.0.0.1:${cable.port}`;
  try {
    return await onStand(
      { ...options, broker: first },
      async (stand) => {
        const publishing = stand.publish({ url: () => url });
        await stand.burst(0.2 + 0.3 * options.random());
        await first.kill();
        const killedAt = performance.now();
        options.say(`killed: ${stand.sink.counts().size} had arrived`);
        // As a load balancer does, or a name that leads to whoever is there.
        cable.target = { host: '127.0.0.1', port: second.port };
        const worstRecovery = await stand.goesOn(killedAt);
        await publishing;
        await first.start();
        return stand.report(worstRecovery);
      },
      { url, config: { bus: { queue_type: 'quorum' } } },
    );
  } finally {
    await cable.close();
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

export const brokerScenarios: Scenarios = {
  'broker-killed': { run: killed, events: { full: 10_000, small: 1_000 }, hasNaive: true },
  'broker-stopped': { run: stopped, events: { full: 5_000, small: 1_000 }, hasNaive: true },
  'broker-alarms': { run: alarms, events: { full: 4_000, small: 400 } },
};

export const clusterScenarios: Scenarios = {
  'cluster-node-killed': { run: nodeKilled, events: { full: 5_000, small: 1_000 } },
};
