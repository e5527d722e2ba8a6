/** Crashes, as functions of their size: small ones are tests, large ones are `npm run chaos`. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import Database from 'better-sqlite3';
import type { Broker } from '../support/broker.ts';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { until } from '../support/wait.ts';

/** What a scenario is run with. */
export interface ChaosOptions {
  broker: Broker;
  events: number;
  /** Numbers from 0 to 1, the same for the same seed. */
  random: () => number;
  say: (line: string) => void;
}

/** What came of it. */
export interface ChaosReport {
  published: number;
  arrived: number;
  missing: number;
  /** Events that arrived more than once. */
  repeated: number;
  /** Of these, those whose attempt was not in flight at a kill: there must be none. */
  unexplained: number;
  /** Longest time from a fault to the next arrival, ms. */
  worstRecovery: number;
}

export type Scenario = (options: ChaosOptions) => Promise<ChaosReport>;

const eventName = 'call_created';

/** A daemon, its inbox, and a subscription between them. */
async function withDaemon(
  broker: Broker,
  run: (daemon: TestDaemon, inbox: Inbox) => Promise<ChaosReport>,
): Promise<ChaosReport> {
  const inbox = await Inbox.open();
  const daemon = new TestDaemon({
    brokerUrl: broker.url,
    config: { bus: { reconnect_max_delay: 1 } },
  });
  try {
    await daemon.start();
    await daemon.subscribe([eventName], inbox.url);
    return await run(daemon, inbox);
  } finally {
    await daemon.remove();
    await inbox.close();
  }
}

/** Publishes ids from 0 on, each until the broker has confirmed it, whatever happens to the broker. */
async function publishAll(url: string, count: number): Promise<void> {
  const waiting = new Map(
    Array.from(
      { length: count },
      (_, id) => [id, { messageId: randomUUID(), timestamp: new Date().toISOString() }] as const,
    ),
  );
  while (waiting.size > 0) {
    try {
      await publishWaiting(url, waiting);
    } catch {
      await sleep(100);
    }
  }
}

async function publishWaiting(
  url: string,
  waiting: Map<number, { messageId: string; timestamp: string }>,
): Promise<void> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  const lost = new Promise<never>((_resolve, reject) =>
    channel.once('close', () => reject(new Error('the channel is closed'))),
  );
  lost.catch(() => undefined);
  await channel.assertExchange('wazo-headers', 'headers', { durable: true });
  const confirmed: Promise<void>[] = [];
  for (const [id, { messageId, timestamp }] of waiting) {
    const content = Buffer.from(
      JSON.stringify({ name: eventName, origin_uuid: 'a-server', data: { id } }),
    );
    confirmed.push(
      new Promise((resolve, reject) => {
        channel.publish(
          'wazo-headers',
          '',
          content,
          { persistent: true, messageId, headers: { name: eventName, timestamp } },
          (error: unknown) => {
            if (error !== null && error !== undefined)
              reject(new Error('not confirmed', { cause: error }));
            else resolve(void waiting.delete(id));
          },
        );
      }),
    );
    if (confirmed.length % 200 === 0) await Promise.race([Promise.all(confirmed), lost]);
  }
  await Promise.race([Promise.all(confirmed), lost]);
  await connection.close();
}

/** Event ids of deliveries without a final outcome, as the database of a dead daemon has them. */
function unfinished(databaseFile: string): Set<number> {
  const database = new Database(databaseFile);
  const rows = database
    .prepare(
      "SELECT e.* FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.status = 'pending'",
    )
    .all() as Record<string, unknown>[];
  database.close();
  return new Set(
    rows.map((row) => Number(/"id":(\d+)/.exec(String(row['body'] ?? row['data']))?.[1])),
  );
}

async function allArrived(inbox: Inbox, count: number): Promise<void> {
  await until(`all ${count} events arrive`, () => inbox.countsById().size >= count, 180_000);
}

function reportOf(
  inbox: Inbox,
  published: number,
  explained: Set<number>,
  worstRecovery: number,
): ChaosReport {
  const counts = inbox.countsById();
  const repeated = [...counts].filter(([, times]) => times > 1).map(([id]) => Number(id));
  return {
    published,
    arrived: counts.size,
    missing: published - counts.size,
    repeated: repeated.length,
    unexplained: repeated.filter((id) => !explained.has(id)).length,
    worstRecovery,
  };
}

/** Events published while the daemon is down arrive when it is back. */
export const daemonDown: Scenario = ({ broker, events }) =>
  withDaemon(broker, async (daemon, inbox) => {
    await daemon.stop();
    await publishAll(broker.url, events);
    const began = Date.now();
    await daemon.start();
    await allArrived(inbox, events);
    return reportOf(inbox, events, new Set(), (inbox.requests[0]?.at ?? NaN) - began);
  });

/** The daemon is killed in the middle of a burst, again and again; what was in flight may repeat, nothing else. */
const daemonKilled =
  (kills: number): Scenario =>
  ({ broker, events, random, say }) =>
    withDaemon(broker, async (daemon, inbox) => {
      const explained = new Set<number>();
      let worstRecovery = 0;
      const publishing = publishAll(broker.url, events);
      for (let kill = 1; kill <= kills; kill++) {
        const before = inbox.requests.length;
        const moment = before + Math.ceil((random() * (events - before)) / (kills - kill + 1.5));
        await until(
          'the burst is under way',
          () => inbox.requests.length >= moment || inbox.countsById().size >= events,
        );
        await daemon.kill();
        const killedAt = Date.now();
        for (const id of unfinished(daemon.databaseFile)) explained.add(id);
        const arrived = inbox.requests.length;
        await daemon.start();
        await until(
          'deliveries go on',
          () => inbox.requests.length > arrived || inbox.countsById().size >= events,
        );
        worstRecovery = Math.max(worstRecovery, Date.now() - killedAt);
        say(`kill ${kill}: ${arrived} had arrived`);
      }
      await publishing;
      await allArrived(inbox, events);
      await settled(daemon);
      return reportOf(inbox, events, explained, worstRecovery);
    });

/** The broker is killed in the middle of a burst: everything arrives, and nothing twice. */
export const brokerKilled: Scenario = ({ broker, events, random }) =>
  withDaemon(broker, async (daemon, inbox) => {
    const publishing = publishAll(broker.url, events);
    const moment = Math.ceil(events * (0.2 + 0.4 * random()));
    await until('the burst is under way', () => inbox.requests.length >= moment);
    await broker.kill();
    const killedAt = Date.now();
    await broker.start();
    const arrived = inbox.requests.length;
    await until(
      'deliveries go on',
      () => inbox.requests.length > arrived || inbox.countsById().size >= events,
    );
    const worstRecovery = Date.now() - killedAt;
    await publishing;
    await allArrived(inbox, events);
    await settled(daemon);
    return reportOf(inbox, events, new Set(), worstRecovery);
  });

/** Waits until no delivery is unfinished, so that a repeat would have been seen. */
async function settled(daemon: TestDaemon): Promise<void> {
  await until('every delivery has its outcome', () => unfinished(daemon.databaseFile).size === 0);
}

export const daemonKilledOnce = daemonKilled(1);
const daemonKilledOften = daemonKilled(20);

export const scenarios: Record<string, { run: Scenario; events: number }> = {
  'daemon-down': { run: daemonDown, events: 2_000 },
  'daemon-killed': { run: daemonKilledOnce, events: 5_000 },
  'daemon-killed-often': { run: daemonKilledOften, events: 20_000 },
  'broker-killed': { run: brokerKilled, events: 5_000 },
};
