/** How long from the start of the process until it consumes, with 10,000 subscriptions. */
import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import { TestDaemon } from '../support/daemon.ts';
import { eventNames } from './events.ts';
import type { Bench } from './main.ts';
import { median, round } from './statistics.ts';

const subscriptions = 10_000;

/** Straight into the database: making them one by one is not what is measured. */
function insertSubscriptions(file: string, count: number, names: readonly string[]): void {
  const database = new Database(file);
  const insert = database.prepare(
    `INSERT INTO subscriptions (uuid, name, service, config, events, owner_tenant_uuid, metadata)
     VALUES (?, ?, ?, ?, ?, ?, '{}')`,
  );
  database.transaction(() => {
    for (let n = 0; n < count; n++) {
      const config = JSON.stringify({ url: `http://127.0.0.1:9/${n}`, method: 'post' });
      const events = JSON.stringify([names[n % names.length]]);
      insert.run(randomUUID(), `subscription ${n}`, 'http', config, events, randomUUID());
    }
  })();
  database.close();
}

export async function startup({
  broker,
  say,
}: Bench): Promise<
  { subscriptions: number; eventNames: number; readyAfterMs: number; rounds: number[] }[]
> {
  const names = Array.from({ length: 389 }, (_, n) => eventNames[n] ?? `event_${n}`);
  const daemon = new TestDaemon({ brokerUrl: broker.url });
  await daemon.start();
  await daemon.stop();
  insertSubscriptions(daemon.databaseFile, subscriptions, names);
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    const began = performance.now();
    await daemon.start();
    times.push(round(performance.now() - began, 0));
    await daemon.stop();
    say(`ready after ${times.at(-1)} ms`);
  }
  await daemon.remove();
  await broker.ctl('delete_queue', 'webhookd');
  return [{ subscriptions, eventNames: names.length, readyAfterMs: median(times), rounds: times }];
}
