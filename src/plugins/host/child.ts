/**
 * The process plugins run in. It does what the daemon asks for over the channel it was started with, and
 * ends with the daemon.
 */
import process from 'node:process';
import { createBirpc } from 'birpc';
import type { BusEvent, Json, JsonObject, KeptEvent } from '../../model.ts';
import type { AttemptContext, Outcome, StatusProvider } from '../../plugin-api/contract.ts';
import {
  isHookExpectedError,
  isHookRetry,
  pauseIn,
  signInExpected,
  signInRetry,
} from '../../plugin-api/errors.ts';
import { isHttpRequest } from '../../plugin-api/request.ts';
import { type Entry, importClass, makeEntry, traitsOf } from '../entry.ts';
import { describeFault, placeIn } from '../fault-place.ts';
import { HostLog, loggingConsole } from './host-log.ts';
import { type HostedState, hostedCradle, tell } from './hosted-cradle.ts';
import { MessageBatch } from './message-batch.ts';
import { fromWire, type Message, toWire } from './wire.ts';
import type {
  AttemptAnswer,
  AttemptCall,
  DaemonFunctions,
  EntryReport,
  HostFunctions,
  PackageOrder,
  PackageReport,
  ThrownError,
} from './protocol.ts';

/** Given on the command line, as JSON. */
interface HostSettings {
  /** Who the console belongs to. */
  name: string;
  /** Lines a second. */
  maxLogRate: number;
  /** ms */
  maxRequestTimeout: number;
}

// Stacks of plugins name the lines that their authors wrote, those of the daemon's own modules above stay as they are.
process.setSourceMapsEnabled(true);

const settings = JSON.parse(process.argv[2] ?? '{}') as HostSettings;
const cut = new AbortController();
const entries = new Map<string, Entry>();
/** Of the packages. */
const directories = new Set<string>();
const state: HostedState = { variables: new Map(), taps: new Map(), providers: new Set() };
let wasAskedFor = false;

const keyOf = (plugin: string, service: string) => `${plugin}\n${service}`;

async function load(order: PackageOrder): Promise<PackageReport> {
  state.variables.set(order.plugin, order.variables);
  directories.add(order.directory);
  wasAskedFor = false;
  const reports: EntryReport[] = [];
  for (const entry of order.entries) {
    try {
      const type = await importClass(entry);
      const traits = asJson(traitsOf(type));
      const cradle = hostedCradle({
        plugin: order.plugin,
        service: entry.service,
        daemon: daemonForPlugins,
        state,
        log,
        config: order.config,
        environment: order.environment,
        maxRequestTimeout: settings.maxRequestTimeout,
      });
      entries.set(keyOf(order.plugin, entry.service), await makeEntry(type, cradle));
      reports.push({ service: entry.service, traits, problem: null });
    } catch (error) {
      const message = await describeFault(error, entry.file, order.directory);
      const problem = Object.assign(thrown(error), { message });
      reports.push({ service: entry.service, traits: null, problem });
    }
  }
  return { entries: reports, isListening: wasAskedFor || state.providers.size > 0 };
}

async function attempt(call: AttemptCall): Promise<AttemptAnswer> {
  const { plugin, service, subscription, event, dataJson } = call;
  const entry = entries.get(keyOf(plugin, service));
  // It could not be loaded this time: the daemon will load it again.
  if (entry === undefined)
    return {
      kind: 'retry',
      detail: { error: `${service} is not loaded` },
      after: null,
      endpoint: 'unknown',
    };
  const kept: KeptEvent = Object.assign(event, { data: JSON.parse(dataJson) as Json, dataJson });
  const context: AttemptContext = {
    delivery: { id: call.deliveryId },
    attempt: call.attempt,
    maxAttempts: call.maxAttempts,
    trace: call.trace,
    signal: cut.signal,
    log: attemptLog(plugin, service),
    secrets: state.variables.get(plugin) ?? {},
  };
  try {
    return asJson(answer(await entry.call(subscription, kept, context)));
  } catch (error) {
    if (isHookRetry(error))
      return {
        kind: 'retry',
        detail: saidIn(error),
        after: pauseIn(error) ?? null,
        endpoint: signInRetry(error),
      };
    if (isHookExpectedError(error))
      return { kind: 'expected', detail: saidIn(error), endpoint: signInExpected(error) };
    return { kind: 'threw', error: thrown(error) };
  }
}

function answer(outcome: Outcome): AttemptAnswer {
  if (outcome === undefined || outcome === null) return { kind: 'detail', detail: null };
  if (isHttpRequest(outcome)) return { kind: 'requests', requests: [outcome] };
  if (Array.isArray(outcome) && outcome.every(isHttpRequest))
    return { kind: 'requests', requests: outcome };
  return { kind: 'detail', detail: outcome as JsonObject };
}

/** @throws TypeError when it cannot be sent: then this alone fails, and not all that is sent along with it */
function asJson<T>(value: T): T {
  JSON.stringify(value);
  return value;
}

/** @returns the detail, or why there is none */
function saidIn({ detail }: { detail: JsonObject }): JsonObject {
  try {
    return asJson(detail);
  } catch (error) {
    return { error: `the service gave a detail that cannot be kept: ${thrown(error).message}` };
  }
}

function attemptLog(plugin: string, service: string): AttemptContext['log'] {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}) =>
      log.write({ plugin, service, level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** With the frames of the plugin, and without those of what called it. */
function thrown(error: unknown): ThrownError {
  if (!(error instanceof Error)) return { message: String(error), stack: String(error) };
  const lines = (error.stack ?? error.message).split('\n');
  const isOurs = (line: string) =>
    line.includes('/dist/plugins/') || line.includes('node:internal') || line.includes('/birpc/');
  return {
    message: error.message,
    stack: lines.filter((line) => !/^\s+at /.test(line) || !isOurs(line)).join('\n'),
  };
}

async function status(): Promise<Record<string, Json>> {
  const said: Record<string, Json> = {};
  for (const provider of state.providers) await speak(provider, said);
  return said;
}

async function speak(provider: StatusProvider, said: Record<string, Json>): Promise<void> {
  try {
    // What cannot be sent is this provider's mistake alone.
    const own = { ...said };
    await provider(own);
    Object.assign(said, asJson(own));
  } catch (error) {
    logError(`a status provider failed: ${thrown(error).message}`, error);
  }
}

async function event(tap: string, { ...received }: BusEvent): Promise<void> {
  const callback = state.taps.get(tap);
  if (callback === undefined) return;
  const error = await tell(callback, received);
  if (error !== undefined) logError(`a callback failed: ${error.message}`, error);
}

function logError(message: string, error: unknown): void {
  const { stack } = thrown(error);
  log.write({ plugin: settings.name, service: null, level: 'error', message, fields: { stack } });
}

async function end(): Promise<void> {
  for (const [key, entry] of [...entries].reverse()) {
    entries.delete(key);
    await entry.dispose().catch((error: unknown) => logError('dispose failed', error));
  }
  log.flush();
}

const functions: HostFunctions = {
  load,
  attempt,
  event: (tap, received) => void event(tap, received),
  status,
  variables: (plugin, values) => void state.variables.set(plugin, values),
  cut: () => cut.abort(new Error('the daemon stops')),
  end,
};

const answers = new MessageBatch(
  (messages) => process.send?.(messages),
  ({ i }, error) => {
    if (i === undefined) logError(`something could not be told: ${thrown(error).message}`, error);
    else answers.post(toWire({ t: 's', i, e: error }));
  },
);
const daemon = createBirpc<DaemonFunctions, HostFunctions>(functions, {
  post: (message: Message) => answers.post(message),
  on: (receive) =>
    process.on('message', (messages: Message[]) => {
      for (const message of messages) receive(message);
    }),
  serialize: toWire,
  deserialize: fromWire,
  eventNames: ['log', 'fatal'],
  timeout: -1,
});

const daemonForPlugins: DaemonFunctions = {
  log: (lines) => void daemon.log(lines),
  fatal: (error) => void daemon.fatal(error),
  publish: async (outgoing) => daemon.publish(asJson(outgoing)),
  tap: async (order) => {
    wasAskedFor = true;
    return daemon.tap(asJson(order));
  },
  untap: (id) => daemon.untap(id),
  bindings: () => daemon.bindings(),
  subscription: async (method, args) => daemon.subscription(method, asJson(args)),
};

const log = new HostLog((lines) => void daemon.log(lines), settings.maxLogRate, settings.name);
globalThis.console = loggingConsole(log, settings.name);

/** A plugin that fails outside of any attempt cannot be trusted to go on. */
function dieOf(what: string): (error: unknown) => void {
  return (error) => {
    const { message, stack } = thrown(error);
    const [place] = [...directories].flatMap((directory) => placeIn(stack, directory) ?? []);
    const shown = place === undefined ? message : `${place}: ${message}`;
    log.flush();
    answers.flush();
    process.send?.(
      [{ t: 'q', m: 'fatal', a: [{ message: `${what}: ${shown}`, stack }] }],
      undefined,
      undefined,
      () => process.exit(70),
    );
    // A channel that is full must not keep it alive.
    setTimeout(() => process.exit(70), 1_000);
  };
}
process.on('uncaughtException', dieOf('uncaught exception'));
process.on('unhandledRejection', dieOf('unhandled rejection'));
process.on('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
