/** What scenarios share: a subject, its endpoint, a subscription between them, and somebody who publishes. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect } from 'amqplib';
import { TestDaemon } from '../support/daemon.ts';
import { until } from '../support/wait.ts';
import { publishAll, type PublishOptions } from './publishing.ts';
import { type ChaosOptions, type ChaosReport, type DeliveryReport, reportOf } from './scenario.ts';
import { Sink } from './sink.ts';
import { DaemonSubject, NaiveSubject, type Subject } from './subject.ts';

/** One that the loop of the benchmark listens to as well. */
export const eventName = 'bench_event_0';

/** How long everything may take to arrive, ms; generous, since machines are slow at times. */
const patience = 240_000;

export interface StandSettings {
  /** Further configuration of the daemon, in the words of the YAML file. */
  config?: Record<string, Record<string, unknown> | number>;
  /** The broker as the subject sees it; default: as it is. */
  url?: string;
  environment?: Record<string, string>;
  /** A command that runs the daemon's. */
  wrapper?: string[];
  /** Done with the daemon's folder before its first start. */
  prepare?: (daemon: TestDaemon) => Promise<void> | void;
}

export class Stand {
  constructor(
    readonly options: ChaosOptions,
    readonly subject: Subject,
    readonly sink: Sink,
    readonly queue: string,
  ) {}

  get daemon(): TestDaemon {
    if (!(this.subject instanceof DaemonSubject)) throw new Error('this is for the daemon alone');
    return this.subject.daemon;
  }

  /** Publishes ids, all or some of them. */
  publish(options: Partial<PublishOptions> = {}): Promise<void> {
    const { broker, events } = this.options;
    return publishAll({ url: () => broker.url, count: events, names: [eventName], ...options });
  }

  /** Waits for as many ids at the sink. */
  async arrived(count: number): Promise<void> {
    const counts = this.sink.counts();
    await until(`${count} ids arrive`, () => counts.size >= count, patience);
  }

  /** Waits until another request is accepted, or until everything is; how long that took since then, ms. */
  async goesOn(since: number): Promise<number> {
    const counts = this.sink.counts();
    const before = counts.size;
    await until(
      'deliveries go on',
      () => counts.size > before || before >= this.options.events,
      patience,
    );
    return performance.now() - since;
  }

  /** Waits for a moment of the burst. @param share of the events */
  async burst(share: number): Promise<void> {
    await this.arrived(Math.floor(this.options.events * share));
  }

  /**
   * Waits until everything has arrived and nothing is under way any more; what came of it.
   *
   * @param explained ids that may have arrived twice
   */
  async report(worstRecovery: number, explained?: ReadonlySet<number>): Promise<DeliveryReport> {
    const { events } = this.options;
    await this.arrived(events);
    await this.subject.settled();
    return reportOf(events, [{ counts: this.sink.counts(), expected: events }], {
      worstRecovery,
      ...(explained === undefined ? {} : { explained }),
    });
  }
}

/** What is to be undone although nobody can wait for it. */
const leftovers = new Set<() => void>();
process.on('exit', () => {
  for (const undo of leftovers) undo();
});

/** Makes sure of something even when the process is told to end. */
export async function withLeftover<T>(undo: () => void, work: () => Promise<T>): Promise<T> {
  leftovers.add(undo);
  try {
    return await work();
  } finally {
    leftovers.delete(undo);
    undo();
  }
}

/** Sets everything up, runs, and removes all of it. */
export async function onStand(
  options: ChaosOptions,
  run: (stand: Stand) => Promise<DeliveryReport>,
  { config = {}, url = options.broker.url, prepare, ...more }: StandSettings = {},
): Promise<ChaosReport> {
  const sink = await Sink.open();
  const queue = options.isNaive ? 'bare' : `chaos-${randomUUID()}`;
  const bus = {
    queue_name: queue,
    reconnect_max_delay: 1,
    ...(config['bus'] as object | undefined),
  };
  const daemon = new TestDaemon({ brokerUrl: url, config: { ...config, bus }, ...more });
  const subject = options.isNaive ? new NaiveSubject(url, sink.url) : new DaemonSubject(daemon);
  const undo = () => {
    if (!daemon.hasEnded) daemon.signal('SIGKILL');
    rmSync(daemon.directory, { recursive: true, force: true });
  };
  return withLeftover(undo, async () => {
    try {
      await prepare?.(daemon);
      await subject.start();
      if (!options.isNaive) await daemon.subscribe([eventName], sink.url);
      const report = await run(new Stand(options, subject, sink, queue));
      return { ...report, crashes: subject.crashes };
    } finally {
      await subject.remove();
      await sink.close();
      await deleteQueues(options.broker.url, queue);
    }
  });
}

/** The next scenario has queues of its own; these would only fill up. */
async function deleteQueues(url: string, queue: string): Promise<void> {
  const connection = await connect(url).catch(() => undefined);
  if (connection === undefined) return;
  connection.on('error', () => undefined);
  const channel = await connection.createChannel();
  for (const name of [queue, `${queue}.dead-letter`]) await channel.deleteQueue(name);
  await connection.close();
}
