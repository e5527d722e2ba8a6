/** Runs plugins in a process of their own: one for each, or one for several. */
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { BusEvent, Delivery, Subscription } from '../model.ts';
import type { AttemptContext, PluginLog } from '../plugin-api/contract.ts';
import { redactedJson } from '../redacted-json.ts';
import {
  type CradleSources,
  pluginBusConsumer,
  pluginSubscriptions,
  publicConfig,
} from './cradle.ts';
import { HostTaps } from './host-taps.ts';
import { HostProcess } from './host/host-process.ts';
import type { HostLimits } from './host/limits.ts';
import type { DaemonFunctions, HostLogLine, PackageReport } from './host/protocol.ts';
import type { PluginManifest } from './manifest.ts';
import { ownFields } from './own-fields.ts';
import { addTo, environmentOf, type RunningPlugin, shownEntries } from './running-plugin.ts';

/** A package to be run. */
export interface HostedPackage {
  manifest: PluginManifest;
  variables: Record<string, string>;
  /** Services that are not even imported. */
  isDisabled: (service: string) => boolean;
  /** Takes the secrets that it has now out of a text. */
  redact: () => (text: string) => string;
}

export interface HostedOptions {
  packages: readonly HostedPackage[];
  limits: HostLimits;
  sources: Omit<CradleSources, 'api'>;
  serverUuid: string;
  log: Logger;
  onCrash: (reason: string) => void;
}

/**
 * Starts a process with these packages.
 *
 * @returns by the name of the package
 * @throws Error when the process ends or takes too long meanwhile; it has ended then, and the message has no
 * secrets in it
 */
export async function startHosted(options: HostedOptions): Promise<Map<string, RunningPlugin>> {
  const { packages, limits, sources, log } = options;
  const names = packages.map(({ manifest }) => manifest.name);
  const plugin = names.join(', ');
  const redact = redactorOfAll(packages);
  const taps = new HostTaps(sources.taps);
  let isLoading = true;
  const host = new HostProcess({
    name: names.length === 1 ? plugin : 'plugins',
    limits,
    serve: daemonFunctions(options, taps, (id, event) => host.event(id, event)),
    onOutput: (line) => log.info({ plugin }, redact(line)),
    onSlowed: rarely(() => log.warn({ plugin }, `the plugin ${plugin} ${isSlowed}`)),
    onMissed: rarely(() => log.warn({ plugin }, `the plugin ${plugin} ${hasMissed}`)),
    onCrash: (reason) => {
      void letGo();
      // While it is loaded, whoever waits for that is told.
      if (!isLoading) options.onCrash(redact(reason));
    },
  });
  const removeStatus = sources.addStatusProvider(async (status) =>
    addTo(status, await host.status()),
  );
  const letGo = async () => {
    removeStatus();
    await taps.end();
  };
  let users = packages.length;
  const endOne = async () => {
    if (--users > 0) return;
    await letGo();
    await host.end();
  };
  try {
    return await loadAll(host, options, endOne);
  } catch (error) {
    await letGo();
    await host.end();
    throw new Error(redact(messageOf(error)));
  } finally {
    isLoading = false;
  }
}

async function loadAll(
  host: HostProcess,
  { packages, sources, serverUuid }: HostedOptions,
  endOne: () => Promise<void>,
): Promise<Map<string, RunningPlugin>> {
  const running = new Map<string, RunningPlugin>();
  for (const { manifest, variables, isDisabled, redact } of packages) {
    const report = await host.load({
      plugin: manifest.name,
      directory: manifest.directory,
      entries: manifest.entries.filter(({ service }) => !isDisabled(service)),
      variables,
      environment: environmentOf(manifest, serverUuid),
      config: hostedConfig(sources.config),
    });
    const entries = shownEntries(report.entries, redact());
    running.set(manifest.name, runningPlugin(host, manifest.name, { ...report, entries }, endOne));
  }
  return running;
}

const isSlowed =
  'computes without finishing a call while the daemon waits for a core: it runs a twentieth of the time until it finishes one';

const hasMissed = 'does not take up the events it listens to: it is not told of some';

/** What comes and goes with the load of the machine: a line a minute says enough. */
function rarely(say: () => void): () => void {
  let saidAt = -Infinity;
  return () => {
    const now = performance.now();
    if (now - saidAt < 60_000) return;
    saidAt = now;
    say();
  };
}

/** Who of them said something is not always known. */
const redactorOfAll = (packages: readonly HostedPackage[]) => (text: string) =>
  packages.reduce((rest, { redact }) => redact()(rest), text);

/** Without the proxy, whose address may have a password: it is for requests of the daemon’s own. */
function hostedConfig(config: Config) {
  const { http } = config;
  return publicConfig({ ...config, http: { ...http, egress: { ...http.egress, proxy: null } } });
}

function runningPlugin(
  host: HostProcess,
  plugin: string,
  report: PackageReport,
  end: () => Promise<void>,
): RunningPlugin {
  return {
    entries: report.entries,
    isListening: report.isListening,
    endpointOf: () => null,
    get isFull() {
      return host.isFull;
    },
    pid: host.pid ?? null,
    call: (service, subscription, delivery, context) =>
      host.attempt(attemptCall(plugin, service, subscription, delivery, context)),
    tell: (variables) => host.variables(plugin, variables),
    cut: () => host.cut(),
    idle: () => host.idle(),
    end,
  };
}

function attemptCall(
  plugin: string,
  service: string,
  subscription: Subscription,
  { id, event }: Delivery,
  { attempt, maxAttempts, trace }: AttemptContext,
) {
  const { name, originUuid, headers, receivedAt, dataJson } = event;
  return {
    plugin,
    service,
    subscription,
    event: { name, originUuid, headers, receivedAt },
    dataJson,
    deliveryId: id,
    attempt,
    maxAttempts,
    trace,
  };
}

/** What a host may ask of the daemon: what a plugin inside of it could, and no more. */
function daemonFunctions(
  { sources, packages, log }: HostedOptions,
  taps: HostTaps,
  send: (tap: string, event: BusEvent) => void,
): Omit<DaemonFunctions, 'fatal'> {
  const subscriptions = pluginSubscriptions(sources);
  const consumer = pluginBusConsumer(sources);
  return {
    log: (lines) => {
      for (const line of lines) writeLine(log, packages, line);
    },
    publish: (event) => sources.publish(event),
    tap: ({ id, ...order }) => taps.add(id, { ...order, callback: (event) => send(id, event) }),
    untap: (id) => taps.remove(id),
    bindings: () => consumer.bindings(),
    subscription: (method, args) =>
      (subscriptions[method] as (...given: unknown[]) => Promise<unknown>)(...args),
  };
}

const levels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies (keyof PluginLog)[];

function writeLine(
  log: Logger,
  packages: readonly HostedPackage[],
  { plugin, service, level, message, fields }: HostLogLine,
): void {
  const one = packages.find(({ manifest }) => manifest.name === plugin);
  const redact = one?.redact() ?? redactorOfAll(packages);
  const own = ownFields(JSON.parse(redactedJson(fields, redact)) as object);
  const known = levels.includes(level) ? level : 'info';
  log[known]({ ...own, plugin, ...(service === null ? {} : { service }) }, redact(message));
}
