/** What happens to connections and channels. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import Database from 'better-sqlite3';
import { CutCable } from '../support/cut-cable.ts';
import { until } from '../support/wait.ts';
import { type ChaosOptions, reportOf, type Scenarios } from './scenario.ts';
import { onStand, type Stand } from './stand.ts';

/** Each fault, as something that is done to the way and ends by itself or with `mend`. */
const faults: Record<string, (cable: CutCable) => void> = {
  dropped: (cable) => cable.drop(),
  reset: (cable) => cable.reset(),
  'slow by 300 ms': (cable) => (cable.delay = 300),
  'silent both ways': (cable) => cable.cut(),
  'silent to the broker': (cable) => cable.cut('to target'),
  'silent from the broker': (cable) => cable.cut('from target'),
};

/** The way to the broker fails in every manner, while events flow. */
async function cut(options: ChaosOptions) {
  const { broker, events, random, isSmall, say } = options;
  const cable = await CutCable.open({ host: '127.0.0.1', port: broker.port });
  const rounds = isSmall ? 1 : 4;
  const plan = shuffled(
    Array.from({ length: rounds }, () => Object.entries(faults)).flat(),
    random,
  );
  try {
    return await onStand(
      options,
      async (stand) => {
        let worstRecovery = 0;
        const part = Math.floor(events / plan.length);
        for (const [index, [name, apply]] of plan.entries()) {
          const publishing = stand.publish({ from: index * part, count: part });
          await stand.arrived(index * part + Math.ceil(part * 0.5 * random()));
          const began = performance.now();
          apply(cable);
          await noticed(stand, name);
          cable.delay = 0;
          if (name.startsWith('silent')) cable.mend();
          await stand.arrived(index * part + part);
          const took = performance.now() - began;
          worstRecovery = Math.max(worstRecovery, took);
          say(`${name}: all had arrived after ${Math.round(took)} ms`);
          await publishing;
        }
        await stand.subject.settled();
        const published = part * plan.length;
        const parts = [{ counts: stand.sink.counts(), expected: published }];
        return reportOf(published, parts, { worstRecovery });
      },
      {
        url: `amqp://guest:guest@127.0.0.1:${cable.port}`,
        config: { bus: { heartbeat: 1 } },
      },
    );
  } finally {
    await cable.close();
  }
}

/** A silent way is mended when the heartbeat has told; a slow one after a while; others are over at once. */
async function noticed({ daemon }: Stand, name: string): Promise<void> {
  if (name.startsWith('slow')) return sleep(1_000);
  if (!name.startsWith('silent')) return;
  const lost = () => daemon.log.filter(({ msg }) => msg.startsWith('bus connection lost')).length;
  const before = lost();
  await until(`the heartbeat tells that it is ${name}`, () => lost() > before);
}

/** The broker closes channels and cancels consumers. */
const closed = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { events, say } = options;
    let worstRecovery = 0;
    const part = Math.floor(events / 2);
    for (const [index, [what, act]] of Object.entries(closings).entries()) {
      const from = index * part;
      const faultAt = await act(stand, { from, count: part });
      await stand.arrived(from + part);
      const took = performance.now() - faultAt;
      worstRecovery = Math.max(worstRecovery, took);
      say(`${what}: all had arrived after ${Math.round(took)} ms`);
    }
    await stand.subject.settled();
    const parts = [{ counts: stand.sink.counts(), expected: part * 2 }];
    return reportOf(part * 2, parts, { worstRecovery });
  });

interface Part {
  from: number;
  count: number;
}

/** Each publishes its part of the events, and tells when the fault was. */
const closings: Record<string, (stand: Stand, part: Part) => Promise<number>> = {
  'the queue is deleted, and the consumer cancelled': deleteQueue,
  'an ack comes too late': failPrecondition,
};

/** What the queue held would be gone: it is deleted when it is empty. What comes before it is back is returned. */
async function deleteQueue(stand: Stand, { from, count }: Part): Promise<number> {
  const first = Math.ceil(count / 2);
  await stand.publish({ from, count: first });
  await stand.arrived(from + first);
  const connection = await connect(stand.options.broker.url);
  const channel = await connection.createChannel();
  await channel.deleteQueue(stand.queue);
  const deletedAt = performance.now();
  await connection.close();
  await stand.daemon.logged('cancelled the consumer');
  await stand.publish({ from: from + first, count: count - first });
  return deletedAt;
}

/** How long a message may stay unacked, and how often the broker looks, ms. */
const setDeliveryTimeout = (timeout: number, tick: number) =>
  `application:set_env(rabbit, consumer_timeout, ${timeout}), application:set_env(rabbit, channel_tick_interval, ${tick}).`;

/** While the store is locked nothing is acked, and after a while the broker closes the channel (406). */
async function failPrecondition(stand: Stand, part: Part): Promise<number> {
  const { options, daemon } = stand;
  await options.broker.ctl('eval', setDeliveryTimeout(1_000, 500));
  try {
    // The broker reads the one when a channel is opened, the other after every look.
    await daemon.stop();
    await daemon.start();
    const intruder = new Database(daemon.databaseFile);
    intruder.exec('BEGIN IMMEDIATE');
    await stand.publish(part);
    const isClosed = () => daemon.output.includes('PRECONDITION_FAILED');
    await until('the broker closes the channel', isClosed);
    intruder.exec('ROLLBACK');
    intruder.close();
    return performance.now();
  } finally {
    await options.broker.ctl('eval', setDeliveryTimeout(1_800_000, 60_000));
  }
}

function shuffled<T>(items: T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

export const connectionScenarios: Scenarios = {
  'connection-cut': { run: cut, events: { full: 12_000, small: 1_200 } },
  'channel-closed': { run: closed, events: { full: 6_000, small: 600 } },
};
