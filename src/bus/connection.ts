/**
 * Keeps one AMQP connection open for as long as it is wanted.
 *
 * Two rules learned from brokers that misbehave: the close listener is attached before anything else
 * happens on a new connection, and a connection counts as up only after a channel was opened on it. A
 * broker may send `connection.close` in the same segment as `open-ok`; a connection taken for up on
 * the strength of `open-ok` alone would then wait for ever.
 *
 * And one from brokers short of memory or disk: they stop reading a connection on which something was published,
 * and go on with their heartbeats. Such a connection is up, but not ready: nothing asked on it is answered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import type { BrokerAddress } from './address.ts';
import { bytesReceived, connect, hangUp } from './amqplib.ts';
import { Backoff } from '../backoff.ts';

/** A connection that lived this long (ms) was a good one: the next pause is the shortest again. */
const stableAfter = 5_000;

/** How often is looked whether anything came from the broker, ms. */
const listenInterval = 500;

export interface ConnectionOptions {
  /** What the connection is for, in the log. */
  purpose: string;
  /** Asked before every try, so that changed credentials are used by the next one. */
  address: () => BrokerAddress;
  /** How long one try may take, ms. */
  connectTimeout: number;
  /**
   * A broker that sent nothing for this long is not well, ms. It sends heartbeats twice as often as it was
   * asked to; the connection itself is given up after two to three times that.
   */
  longestSilence: number;
  /** Longest pause between two tries, ms. */
  maxDelay: number;
  log: Logger;
}

type Waiter = { resolve: (model: ChannelModel) => void; reject: (reason: Error) => void };

export class BusConnection {
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  readonly #waiters = new Set<Waiter>();
  /** The broker of the last try. */
  #label: string | undefined;
  #model: ChannelModel | undefined;
  /** Whether the broker said that it reads nothing of the connection at present. */
  #isBlocked = false;
  /** When the broker was last heard of, ms since the process began: the clock may be set. */
  #heardAt = 0;
  #running: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Whether the broker speaks: a connection cut on the way stays up for a while, and silent. */
  get isAlive(): boolean {
    const silence = performance.now() - this.#heardAt;
    return this.#model !== undefined && silence < this.#options.longestSilence;
  }

  /** Begins to connect; returns at once. A second call does nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * The open connection, as soon as there is one that the broker reads. Rejects when the signal aborts or the
   * connection is stopped.
   */
  ready(signal?: AbortSignal): Promise<ChannelModel> {
    if (this.#model !== undefined && !this.#isBlocked) return Promise.resolve(this.#model);
    if (this.#stopping.signal.aborted)
      return Promise.reject(new Error('the bus connection is stopped'));
    return new Promise((resolve, reject) => {
      const onAbort = () =>
        waiter.reject(new Error('no connection to the broker', { cause: signal?.reason }));
      const settle = () => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        resolve: (model) => {
          settle();
          resolve(model);
        },
        reject: (reason) => {
          settle();
          reject(reason);
        },
      };
      this.#waiters.add(waiter);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Closes the connection and does not come back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const waiter of this.#waiters) waiter.reject(new Error('the bus connection is stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, purpose, maxDelay } = this.#options;
    const { signal } = this.#stopping;
    const backoff = new Backoff(100, maxDelay);
    while (!signal.aborted) {
      const started = performance.now();
      try {
        const lost = await this.#serve();
        if (signal.aborted) return;
        log.warn({ purpose }, `bus connection lost: ${messageOf(lost)}`);
        if (performance.now() - started > stableAfter) backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ purpose, broker: this.#label }, `cannot connect to the bus: ${explain(error)}`);
      }
      await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection from its opening to its end; the reason of its end. Throws when it could not be opened. */
  async #serve(): Promise<unknown> {
    const { log, purpose, address } = this.#options;
    const { signal } = this.#stopping;
    const { connect: where, socket, label } = address();
    this.#label = label;
    const model = await this.#withDeadline(connect(where, socket));
    let reason: unknown = 'closed';
    const closed = new Promise<void>((resolve) =>
      model.once('close', () => {
        // At once: whoever lost a channel with it asks for the next one in the same turn.
        if (this.#model === model) this.#model = undefined;
        resolve();
      }),
    );
    model.on('error', (error: Error) => (reason = error));
    this.#followAlarms(model);
    try {
      await this.#withDeadline(
        Promise.race([
          model.createChannel().then((channel) => channel.close()),
          closed.then(() =>
            Promise.reject(new Error(`closed right after it was opened: ${messageOf(reason)}`)),
          ),
        ]),
      );
    } catch (error) {
      await closeQuietly(model);
      throw error;
    }
    log.info({ purpose, broker: label }, 'connected to the bus');
    this.#model = model;
    for (const waiter of this.#waiters) waiter.resolve(model);
    const listening = this.#listen(model);
    await Promise.race([closed, this.#stopped]);
    clearInterval(listening);
    this.#model = undefined;
    if (signal.aborted) await closeQuietly(model);
    return reason;
  }

  #followAlarms(model: ChannelModel): void {
    const { log, purpose } = this.#options;
    this.#isBlocked = false;
    model.on('blocked', (reason: string) => {
      this.#isBlocked = true;
      log.warn({ purpose }, `the broker takes no messages at present: ${reason}`);
    });
    model.on('unblocked', () => {
      this.#isBlocked = false;
      log.info({ purpose }, 'the broker takes messages again');
      for (const waiter of this.#waiters) waiter.resolve(model);
    });
  }

  #listen(model: ChannelModel): NodeJS.Timeout {
    let received = bytesReceived(model);
    this.#heardAt = performance.now();
    return setInterval(() => {
      const now = bytesReceived(model);
      if (now !== received) this.#heardAt = performance.now();
      received = now;
    }, listenInterval);
  }

  /** A connection that opens after the deadline is closed as soon as it appears. */
  async #withDeadline<T>(work: Promise<T>): Promise<T> {
    const { connectTimeout } = this.#options;
    const done = new AbortController();
    const cut = AbortSignal.any([done.signal, this.#stopping.signal]);
    const deadline = sleep(connectTimeout, undefined, { signal: cut }).then(
      () => Promise.reject(new Error(`no answer within ${connectTimeout / 1000} s`)),
      () => Promise.reject(new Error('stopped')),
    );
    try {
      return await Promise.race([work, deadline]);
    } catch (error) {
      work.then((late) => (isModel(late) ? closeQuietly(late) : undefined)).catch(() => undefined);
      throw error;
    } finally {
      deadline.catch(() => undefined);
      done.abort();
    }
  }
}

function isModel(value: unknown): value is ChannelModel {
  return typeof value === 'object' && value !== null && 'createChannel' in value;
}

/** How long the broker may take over a last word, ms. */
const farewell = 1_000;

/** Waits for the broker's answer at an end, which one that reads nothing never gives. Never rejects. */
export async function partedFrom(answer: Promise<unknown>): Promise<void> {
  await Promise.race([answer.catch(() => undefined), sleep(farewell, undefined, { ref: false })]);
}

/** Closing what is already closed throws. */
async function closeQuietly(model: ChannelModel): Promise<void> {
  model.on('error', () => undefined);
  await partedFrom(model.close());
  hangUp(model);
}

/** What an administrator can act on. */
function explain(error: unknown): string {
  const message = messageOf(error);
  if (/ACCESS[_-]REFUSED|403/.test(message)) {
    return `the broker refuses the username or password, or the vhost is not theirs (bus.username, bus.password, bus.vhost, bus.url): ${message}`;
  }
  return message;
}
