/**
 * From nothing to a delivered webhook: a broker, the daemon, a subscription, three events.
 *
 * Whatever it starts or makes is undone at its end, the last first, however it ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type LoadedConfig, loadConfig } from '#dist/config/load.js';
import { messageOf, UserError } from '#dist/errors.js';
import { Inbox, type ReceivedRequest } from '../test/support/inbox.ts';
import { configuredBroker, privateBroker, type QuickstartBroker } from './quickstart/broker.ts';
import { QuickstartDaemon } from './quickstart/daemon.ts';
import { type SampleEvent, sampleEvents } from './quickstart/events.ts';
import {
  showDoing,
  showDone,
  showHeading,
  showLost,
  showNext,
  showPublished,
  showRequest,
  showTitle,
} from './quickstart/show.ts';

const usage = `npm run quickstart [-- --once]

Runs the daemon on the RabbitMQ that answers at the configured address, or on a private one, and
delivers three events to an inbox on this machine.

  --once   end after the deliveries: exit status 0, or 1 when one did not arrive`;

/** How long a webhook may take to arrive, s. */
const patience = 20;

export interface QuickstartOptions {
  args: string[];
  /** Installs the broker's package, or says how to. */
  ensureBrokerPackage: () => Promise<void>;
}

/** What everything below is done with. */
interface Run {
  loaded: LoadedConfig;
  isOnce: boolean;
  ensureBrokerPackage: () => Promise<void>;
  /** Aborts when somebody wants it to end. */
  signal: AbortSignal;
  undo: (() => Promise<void>)[];
}

/** Runs until it is told to stop, or once; the exit status. */
export async function quickstart({
  args,
  ensureBrokerPackage,
}: QuickstartOptions): Promise<number> {
  const stop = new AbortController();
  const undo: Run['undo'] = [];
  const release = listen(stop);
  const { signal } = stop;
  try {
    const { help, once: isOnce } = readArguments(args);
    if (help) {
      console.log(usage);
      return 0;
    }
    return await play({ loaded: loadConfig(), isOnce, ensureBrokerPackage, signal, undo });
  } catch (error) {
    if (signal.aborted)
      return signal.reason instanceof Stopped ? signal.reason.exitCode : fail(signal.reason);
    return fail(error);
  } finally {
    for (const step of undo.reverse()) {
      await step().catch((error: unknown) => console.error(`not undone: ${messageOf(error)}`));
    }
    release();
  }
}

function readArguments(args: string[]): { once: boolean; help: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args, options: { once: flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    throw new UserError(`${messageOf(error)}\n\n${usage}`, 2, { cause: error });
  }
}

/** Somebody wants it to end. */
class Stopped extends Error {
  constructor(readonly exitCode: number) {
    super('stopped');
  }
}

/** Turns everything that would end the process into an orderly end. A function that takes that back. */
function listen(stop: AbortController): () => void {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  const signals = Object.keys(statuses) as (keyof typeof statuses)[];
  const onSignal = (signal: keyof typeof statuses) => stop.abort(new Stopped(statuses[signal]));
  // The reader of a pipe is gone: nobody is left to talk to.
  const onOutputError = () => stop.abort(new Stopped(1));
  const onException = (error: unknown) => stop.abort(error);
  for (const signal of signals) process.on(signal, onSignal);
  process.stdout.on('error', onOutputError);
  process.on('uncaughtException', onException);
  // npm that is killed outright passes nothing on.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env['npm_lifecycle_event'] !== undefined && process.ppid !== parent)
      stop.abort(new Stopped(1));
  }, 500);
  watch.unref();
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, onSignal);
    process.off('uncaughtException', onException);
  };
}

function fail(error: unknown): number {
  // The script that installs says what a user has to know in errors of its own.
  const isForUsers =
    error instanceof UserError || (error instanceof Error && error.name === 'BootstrapError');
  console.error(isForUsers ? `\nquickstart: ${error.message}` : error);
  return error instanceof UserError ? error.exitCode : 1;
}

/** What was acquired is undone even when it came after the wish to end. */
async function acquire<T>(
  { signal, undo }: Run,
  making: Promise<T>,
  release: (made: T) => Promise<void>,
): Promise<T> {
  const made = await making;
  undo.push(() => release(made));
  signal.throwIfAborted();
  return made;
}

async function play(run: Run): Promise<number> {
  const { signal } = run;
  showTitle();
  const broker = await acquire(run, findBroker(run), (made) => made.release());
  showDone('RabbitMQ', broker.label);

  const inbox = await acquire(run, Inbox.open(), (made) => made.close());
  const daemon = await acquire(run, Promise.resolve(new QuickstartDaemon()), (made) =>
    made.remove(),
  );
  const started = Date.now();
  await daemon.start(broker.bus, run.loaded.config.restApi.port, signal);
  signal.throwIfAborted();
  showDone(
    'daemon',
    `${daemon.url}/1.0 (ready in ${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );

  const events = sampleEvents();
  await daemon.subscribe(
    'quick start',
    events.map(({ name }) => name),
    inbox.url,
  );
  showDone('subscription', `three events -> ${inbox.url}`);

  showHeading('Three events, each published to RabbitMQ and delivered as a webhook');
  for (const event of events) {
    if (!(await deliver(event, broker, inbox, signal))) {
      showLost(event.name, patience, daemon.tail());
      return 1;
    }
  }
  if (run.isOnce) {
    showHeading('All three arrived.');
    return 0;
  }
  showNext(daemon, 'call_created');
  return stayUp(daemon, inbox, signal);
}

async function findBroker({
  loaded: { config, values },
  ensureBrokerPackage,
  signal,
}: Run): Promise<QuickstartBroker> {
  const configured = await configuredBroker(config, values.bus);
  if (typeof configured !== 'string') return configured;
  showDoing(`no RabbitMQ to use at ${configured}; starting a private one`);
  signal.throwIfAborted();
  await ensureBrokerPackage();
  return privateBroker(config, signal);
}

/** Publishes an event and shows the webhook it becomes; whether it came. */
async function deliver(
  { name, story, ...event }: SampleEvent,
  broker: QuickstartBroker,
  inbox: Inbox,
  signal: AbortSignal,
): Promise<boolean> {
  const { data } = event;
  // A broker in use has events of others too.
  const isExpected = ({ body }: ReceivedRequest) => body === JSON.stringify(data);
  const arrived = new Promise<ReceivedRequest>((resolve) => {
    inbox.answer = (request, response) => {
      response.writeHead(200).end();
      if (isExpected(request)) resolve(request);
    };
  });
  showPublished(name, story);
  const published = Date.now();
  const tooLate = new AbortController();
  const timeout = sleep(patience * 1000, undefined, {
    signal: AbortSignal.any([signal, tooLate.signal]),
  }).catch(() => undefined);
  const request = await Promise.race([
    broker.publish({ name, story, ...event }).then(() => arrived),
    timeout,
  ]);
  tooLate.abort();
  signal.throwIfAborted();
  if (request !== undefined) showRequest(request, request.at - published);
  return request !== undefined;
}

/** Shows what arrives until it is told to stop. */
async function stayUp(
  daemon: QuickstartDaemon,
  inbox: Inbox,
  signal: AbortSignal,
): Promise<number> {
  inbox.answer = (request, response) => {
    response.writeHead(200).end();
    console.log();
    showRequest(request);
  };
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  await Promise.race([stopped, daemon.ended()]);
  if (!signal.aborted) throw new UserError(`the daemon ended by itself:\n${daemon.tail()}`);
  if (!(signal.reason instanceof Stopped)) throw signal.reason;
  console.log('\nstopping');
  return 0;
}
