/** The process around the daemon: signals, exit codes, systemd. */
import { queryObjects } from 'node:v8';
import type { Logger } from 'pino';
import { loadConfig, type ConfigSources } from '../config/load.ts';
import { messageOf } from '../errors.ts';
import { Daemon } from './daemon.ts';
import { createLog, type DaemonLog } from './logger.ts';
import { ServiceManager } from './notify.ts';
import { Running } from './running.ts';

/**
 * Runs the daemon until it is told to stop.
 *
 * SIGTERM and SIGINT stop it gracefully, a second one at once. SIGHUP reads the configuration anew and
 * takes up what can change at run time.
 *
 * @throws UserError when the configuration is wrong or the daemon cannot start
 */
export async function runDaemon(sources: ConfigSources): Promise<void> {
  const loaded = loadConfig(sources);
  const daemonLog = createLog(loaded.config, process.stdout.isTTY);
  const { log, history } = daemonLog;
  const dieOf = (what: string) => (error: unknown) => {
    log.fatal({ err: error }, `${what}; this is a bug`);
    daemonLog.flush();
    process.exit(1);
  };
  process.on('uncaughtException', dieOf('uncaught exception'));
  process.on('unhandledRejection', dieOf('unhandled rejection'));
  process.on('exit', () => daemonLog.flush());

  const manager = await ServiceManager.connect(process.env, log);
  const running = new Running(sources, loaded, daemonLog);
  const daemon = new Daemon({
    config: loaded.config,
    runningConfig: running,
    log,
    history,
  });
  process.on('SIGHUP', () => running.reload(daemon));
  try {
    await runUntilTold(daemon, manager, daemonLog);
  } finally {
    manager.close();
    daemonLog.flush();
  }
}

async function runUntilTold(
  daemon: Daemon,
  manager: ServiceManager,
  { log, flush }: DaemonLog,
): Promise<void> {
  const told = stopSignal();
  const starting = daemon.start();
  const early = await Promise.race([starting.then(() => undefined), told]);
  if (early !== undefined) {
    log.info({ signal: early }, 'webhookd is stopped before it has started');
    process.exit(0);
  }
  const { consuming } = await starting;
  manager.status('waiting for the broker');
  void consuming.then(() => {
    log.info('webhookd is ready');
    flush();
    manager.ready();
    // Not before: it takes a quarter of a second.
    collectStartupGarbage();
  });

  const end = await Promise.race([told, daemon.failed.catch((error: unknown) => error as Error)]);
  if (end instanceof Error) log.fatal(messageOf(end));
  else log.info({ signal: end }, 'webhookd stops');
  manager.stopping();
  endAtNextSignal(typeof end === 'string' ? [end] : ['SIGTERM', 'SIGINT'], log, flush);
  await daemon.stop();
  log.info('webhookd stopped');
  if (end instanceof Error) throw end;
}

/** Stopping may take a while; a signal that comes meanwhile is impatience. */
function endAtNextSignal(signals: NodeJS.Signals[], log: Logger, flush: () => void): void {
  for (const signal of signals)
    process.on(signal, () => {
      log.warn({ signal }, 'second signal: webhookd ends at once');
      flush();
      process.exit(1);
    });
}

function stopSignal(): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => resolve(signal));
  });
}

/**
 * Starting leaves a third of the heap behind as garbage, which V8 would keep for as long as nothing needs
 * the room. To count the instances of a class it collects all of it first; there is no plainer way to
 * ask for that at run time.
 */
function collectStartupGarbage(): void {
  queryObjects(WeakRef);
}
