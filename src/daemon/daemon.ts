/** The daemon: what is started in which order, and how it is stopped. Knows nothing of signals and exit codes. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { RunningConfig } from '../api/config.ts';
import type { LogSource } from '../api/log-stream.ts';
import { brokerAddress } from '../bus/address.ts';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';
import { OwnerEnds } from '../deliveries/owner-ends.ts';
import { startTracing } from '../observing/tracing.ts';
import { SqliteStore } from '../store/sqlite/store.ts';
import type { Store } from '../store/store.ts';
import { version } from '../version.ts';
import type { Cradle } from './cradle.ts';
import { addOwnStatus } from './own-status.ts';
import { databaseFile, localTokenFile } from './paths.ts';
import type * as Servers from './servers.ts';

/** Attempts that were cut get this long to end, ms. */
const cutGrace = 500;

export interface DaemonOptions {
  config: Config;
  runningConfig: RunningConfig;
  log: Logger;
  /** What the log said last. */
  history: LogSource;
}

export class Daemon {
  readonly #log: Logger;
  readonly #runningConfig: RunningConfig;
  readonly #history: LogSource;
  readonly #cut = new AbortController();
  /** What is to be undone at the end, the last first. */
  readonly #undo: { what: string; run: () => Promise<void> | void }[] = [];
  #config: Config;
  #address: string | undefined;
  #fail: (reason: UserError) => void = () => undefined;

  /** Rejects with what makes it useless to go on; the daemon is to be stopped then. */
  readonly failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));

  constructor({ config, runningConfig, log, history }: DaemonOptions) {
    this.#history = history;
    this.#config = config;
    this.#runningConfig = runningConfig;
    this.#log = log;
    // Whoever runs the daemon waits for it, but maybe not yet.
    this.failed.catch(() => undefined);
  }

  /** Where the API listens: `http://127.0.0.1:9300`. Set once {@link start} has resolved. */
  get address(): string {
    if (this.#address === undefined) throw new Error('the daemon has not started');
    return this.#address;
  }

  /**
   * Starts everything. The broker need not be there: `consuming` resolves when it is.
   *
   * @throws UserError when the store, the plugins' folder or the address cannot be used; what was started is stopped
   */
  async start(): Promise<{ consuming: Promise<void> }> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #start(): Promise<{ consuming: Promise<void> }> {
    this.#log.info({ version }, 'webhookd starts');
    // A certificate that cannot be read is a mistake to tell now, not at every try to connect.
    brokerAddress(this.#config.bus);
    const tracing = await startTracing(version, this.#config.bus.queueName);
    if (tracing !== undefined) this.#log.info('traces are made, and taken up from events');
    // The store's thread starts while this one loads the rest of the daemon.
    const [store, { createDaemonContainer }, servers] = await Promise.all([
      this.#openStore(),
      import('./container.ts'),
      import('./servers.ts'),
    ]);
    const { cradle } = createDaemonContainer({
      config: this.#config,
      currentBus: () => this.#config.bus,
      log: this.#log,
      store,
      serverUuid: this.#config.uuid ?? (await ownUuid(store)),
      cut: this.#cut.signal,
      tracing,
      runningConfig: this.#runningConfig,
      history: this.#history,
    });
    this.#undo.push({ what: 'commits', run: () => cradle.commits.stop() });
    await this.#prepareTokens(cradle);
    this.#connectBus(cradle);
    const loaded = await cradle.subscriptions.load();
    await cradle.bindings.want(OwnerEnds.eventNames);
    for (const fingerprint of await store.recentFingerprints(cradle.recent.capacity))
      cradle.recent.add(fingerprint);
    const listen = await this.#prepareApi(cradle, servers);
    await this.#startDeliveries(cradle);
    this.#consume(cradle);
    cradle.outbox.wake();
    await listen();
    this.#log.info(
      { subscriptions: loaded, services: cradle.registry.names(), api: this.#address },
      'webhookd started',
    );
    return { consuming: cradle.consumer.started() };
  }

  /** Takes up what can change at run time: the credentials for the next connection to the bus. */
  reload(config: Config): void {
    this.#config = config;
  }

  /** Stops everything in the reverse order. Never rejects. */
  async stop(): Promise<void> {
    for (const { what, run } of this.#undo.splice(0).reverse()) {
      try {
        await run();
      } catch (error) {
        this.#log.error({ err: error }, `${what} could not be stopped: ${messageOf(error)}`);
      }
    }
  }

  async #openStore(): Promise<Store> {
    const store = await SqliteStore.open(databaseFile(this.#config), {
      onMissing: (reason) => this.#fail(databaseMissing(reason)),
      onDeath: (reason) => {
        this.#log.error({ err: reason }, 'the thread that writes the database ended by itself');
        this.#fail(storeEnded(reason));
      },
    });
    this.#undo.push({ what: 'the store', run: () => store.close() });
    return store;
  }

  async #prepareTokens({ tokens, config, wazoAuth }: Cradle): Promise<void> {
    if (wazoAuth !== null) {
      this.#undo.push({ what: 'the daemon’s own token', run: () => wazoAuth.stop() });
      wazoAuth.start();
    }
    if (config.auth.type === 'none') return;
    await tokens.load();
    await tokens.ensureLocalToken(localTokenFile(config));
  }

  #connectBus({ consumerConnection, publisherConnection, publisher, outbox }: Cradle): void {
    this.#undo.push({
      what: 'the bus connections',
      run: async () => {
        outbox.stop();
        await publisher.stop();
        await Promise.all([consumerConnection.stop(), publisherConnection.stop()]);
        await outbox.ended();
      },
    });
    consumerConnection.start();
  }

  /** Everything of the API but listening, with the routes of plugins. */
  async #prepareApi(cradle: Cradle, servers: typeof Servers): Promise<() => Promise<void>> {
    const { plugins, vault } = cradle;
    const { restApi } = cradle.config;
    addOwnStatus(cradle);
    await vault.open();
    this.#undo.push({ what: 'the plugins', run: () => plugins.stop() });
    this.#cut.signal.addEventListener('abort', () => plugins.cut());
    const server = await servers.makeApi(cradle);
    return async () => {
      await this.#listenForMachines(cradle, servers);
      this.#undo.push({ what: 'the API', run: () => server.close() });
      this.#address = await orUserError(
        servers.listen(server, restApi.listen, restApi.port),
        `rest_api.listen, rest_api.port: cannot listen on ${restApi.listen} port ${restApi.port}`,
      );
    };
  }

  /** On a port of its own nobody is asked for a token. */
  async #listenForMachines(cradle: Cradle, servers: typeof Servers): Promise<void> {
    const { listen: host, port } = cradle.config.observing;
    if (port === null) return;
    const server = servers.makeMachineServer(cradle);
    this.#undo.push({ what: 'the port for machines', run: () => server.close() });
    await orUserError(
      servers.listen(server, host, port),
      `observing.listen, observing.port: cannot listen on ${host} port ${port}`,
    );
  }

  async #startDeliveries({
    dispatcher,
    commits,
    retention,
    replays,
    health,
    config,
    store,
    clockWatch,
  }: Cradle): Promise<void> {
    this.#undo.push({
      what: 'the deliveries',
      run: async () => {
        dispatcher.stop();
        const left = await dispatcher.quiet(config.delivery.shutdownTimeout * 1000);
        if (left > 0) {
          this.#log.warn(
            { attempts: left },
            'attempts in flight are cut; they are made again at the next start',
          );
          this.#cut.abort();
          await dispatcher.quiet(cutGrace);
        }
        await commits.drained();
      },
    });
    await health.load();
    this.#undo.push({ what: 'the warnings', run: () => health.stop() });
    health.start();
    await store.mendSchedule(Date.now());
    await dispatcher.recover();
    this.#undo.push({ what: 'the watch of the clock', run: () => clockWatch.stop() });
    clockWatch.start();
    this.#undo.push({ what: 'the purge', run: () => retention.stop() });
    retention.start();
    this.#undo.push({ what: 'the replays', run: () => replays.stop() });
    await replays.start();
  }

  #consume({ consumer, commits, intake, ownerEnds }: Cradle): void {
    this.#undo.push({
      what: 'the consumer',
      run: async () => {
        await consumer.pause();
        intake.stop();
        ownerEnds.stop();
        await commits.drained();
        await consumer.stop();
      },
    });
    consumer.start();
  }
}

/** Status 2, after which systemd starts no other: that one would begin with an empty database. */
const databaseMissing = (reason: string) =>
  new UserError(
    `database.uri: ${reason}; nothing was acked since, and the broker keeps what comes. Put the file or a backup back in its place and start again; without one the next start begins with an empty database`,
    2,
  );

/** Status 1, after which systemd starts another: with the database all is well. */
const storeEnded = (reason: Error) =>
  new UserError(
    `the thread that writes the database ended: ${messageOf(reason)}; nothing was acked since, and the broker keeps what comes`,
  );

/** What does not work is a mistake in the configuration, told in words. */
async function orUserError<T>(work: Promise<T>, what: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new UserError(`${what}: ${messageOf(error)}`, 1, { cause: error });
  }
}

async function ownUuid(store: Store): Promise<string> {
  const known = await store.setting('uuid');
  if (known !== null) return known;
  const made = randomUUID();
  await store.putSetting('uuid', made);
  return made;
}
