/**
 * Tells systemd how the daemon is (sd_notify(3)). Without systemd, or without the optional module for
 * datagram sockets and without `systemd-notify`, nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';

type Send = (message: string) => void;

export class ServiceManager {
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(
    private readonly send: Send,
    private readonly watchdogInterval: number | undefined,
  ) {}

  static async connect(environment: NodeJS.ProcessEnv, log: Logger): Promise<ServiceManager> {
    const socket = environment['NOTIFY_SOCKET'];
    if (socket === undefined || socket === '')
      return new ServiceManager(() => undefined, undefined);
    const watchdog = Number(environment['WATCHDOG_USEC'] ?? 0);
    const interval = watchdog > 0 ? watchdog / 1000 / 2 : undefined;
    return new ServiceManager((await datagramSender(socket)) ?? commandSender(log), interval);
  }

  ready(): void {
    this.send('READY=1');
    this.status('delivering');
    if (this.watchdogInterval === undefined) return;
    // A timer of the event loop: when the loop hangs, systemd hears nothing and restarts the daemon.
    this.#watchdog = setInterval(() => this.send('WATCHDOG=1'), this.watchdogInterval);
    this.#watchdog.unref();
  }

  status(text: string): void {
    this.send(`STATUS=${text}`);
  }

  stopping(): void {
    this.send('STOPPING=1');
    clearInterval(this.#watchdog);
  }
}

/** In abstract addresses systemd writes `@` for the leading NUL. */
async function datagramSender(path: string): Promise<Send | undefined> {
  try {
    const { createSocket } = await import('unix-dgram');
    const socket = createSocket('unix_dgram');
    socket.on('error', () => undefined);
    const address = path.startsWith('@') ? `\0${path.slice(1)}` : path;
    return (message) => {
      const bytes = Buffer.from(message);
      socket.send(bytes, 0, bytes.length, address);
    };
  } catch {
    return undefined;
  }
}

function commandSender(log: Logger): Send {
  return (message) => {
    execFile('systemd-notify', [message], (error) => {
      if (error !== null) log.warn(`systemd was not told ${message}: ${messageOf(error)}`);
    });
  };
}
