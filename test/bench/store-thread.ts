/**
 * The store on a thread of its own against the same store on the main thread, under the daemon's own
 * intake and group commit: what they take in and log a second, and what the event loop feels of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ConsumeMessage } from 'amqplib';
import { pino } from 'pino';
import { ConsumerSession } from '#dist/bus/consumer.js';
import { Intake } from '#dist/deliveries/intake.js';
import { RecentEvents } from '#dist/deliveries/recent-events.js';
import type { Delivery } from '#dist/model.js';
import { GroupCommit } from '#dist/store/group-commit.js';
import { makeWriter } from '#dist/store/sqlite/writer.js';
import { openDatabase } from '#dist/store/sqlite/open.js';
import { SqliteStore } from '#dist/store/sqlite/store.js';
import type { Store } from '#dist/store/store.js';
import { Matcher } from '#dist/subscriptions/matcher.js';
import { benchMessage, eventNames } from './events.ts';
import { median, round } from './statistics.ts';

const events = 20_000;
const rounds = 5;
/** Unacked messages, as a broker would have them on the way. */
const prefetch = 500;

export interface StoreRow {
  store: string;
  /** Events taken in, each with one delivery and one attempt. */
  eventsPerSecond: number;
  /** ms */
  loopDelayP99: number;
}

const log = pino({ level: 'silent' });

function matcherOfOne(): Matcher {
  const matcher = new Matcher({ uuid: 'master' });
  matcher.add({
    uuid: 'subscription',
    name: 'bench',
    service: 'http',
    config: {},
    events: eventNames,
    eventsUserUuid: null,
    eventsWazoUuid: null,
    ownerUserUuid: null,
    ownerTenantUuid: 'master',
    metadata: {},
    filter: null,
    delivery: {},
    disabled: null,
  });
  return matcher;
}

const messages = Array.from({ length: events }, (_, id): ConsumeMessage => {
  const { content, headers } = benchMessage(id, id);
  return {
    content,
    properties: { headers } as ConsumeMessage['properties'],
    fields: {
      deliveryTag: id + 1,
      redelivered: false,
      exchange: '',
      routingKey: '',
      consumerTag: '',
    },
  };
});

/** Takes all messages in, logs an attempt for each delivery, and waits until the last one is on disk. */
async function takeAll(store: Pick<Store, 'commit'>): Promise<void> {
  const commits = new GroupCommit(store, log);
  let acked = 0;
  let logged = 0;
  let next = 0;
  let isFull = false;
  const attempt = ({ id, event }: Delivery) => {
    commits.addAttempt(
      {
        deliveryId: id,
        subscriptionUuid: 'subscription',
        number: 1,
        maxAttempts: 10,
        status: 'success',
        startedAt: event.receivedAt,
        endedAt: Date.now(),
        detail: JSON.stringify({ request_method: 'POST', request_body: null }),
        dataKey: 'request_body',
        nextAttemptAt: null,
        requests: [],
      },
      () => (logged += 1),
    );
  };
  const intake = new Intake({
    filter: { passes: () => true },
    matcher: matcherOfOne(),
    commits,
    recent: new RecentEvents(20_000),
    onCommitted: (deliveries) => deliveries.forEach(attempt),
    pressure: () => 0,
    onEvent: () => undefined,
    maxMessageSize: 1_048_576,
    log,
  });
  const channel = {
    ack: ({ fields }: ConsumeMessage) => void (acked = fields.deliveryTag),
    nack: () => undefined,
  };
  const session = new ConsumerSession(
    channel as unknown as ConstructorParameters<typeof ConsumerSession>[0],
    log,
    'dead-letter',
  );
  while (logged < events) {
    // A packet's worth a turn, as long as the broker would send more.
    for (let n = 0; n < 20 && next < events && next - acked < prefetch; n++) {
      const message = messages[next++];
      if (message !== undefined) intake.receive(message, session);
    }
    isFull = next === events || next - acked >= prefetch;
    await new Promise((resolve) => (isFull ? setTimeout(resolve, 0) : setImmediate(resolve)));
  }
}

async function measure(store: string, target: Pick<Store, 'commit'>): Promise<StoreRow> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  await takeAll(target);
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  return {
    store,
    eventsPerSecond: round(events / seconds, 0),
    loopDelayP99: round(Math.max(0, delay.percentile(99) / 1e6 - 1), 2),
  };
}

export async function storeThread(): Promise<StoreRow[]> {
  const rows: StoreRow[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-bench-'));
  for (let n = 0; n < rounds; n++) {
    const { database, release } = openDatabase(join(directory, `main-${n}.db`));
    const inline = makeWriter(database);
    rows.push(
      await measure('main thread', {
        commit: (batch) => {
          inline.commit(batch);
          return Promise.resolve();
        },
      }),
    );
    inline.close();
    release();
    const threaded = await SqliteStore.open(join(directory, `thread-${n}.db`));
    rows.push(await measure('own thread', threaded));
    await threaded.close();
  }
  rmSync(directory, { recursive: true });
  return ['main thread', 'own thread'].map((store) => {
    const own = rows.filter((row) => row.store === store);
    return {
      store,
      eventsPerSecond: median(own.map((row) => row.eventsPerSecond)),
      loopDelayP99: median(own.map((row) => row.loopDelayP99)),
    };
  });
}
