/**
 * Tells systemd how the daemon is (sd_notify(3)). Without systemd, or without the optional module for
 * datagram sockets and without `systemd-notify`, nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';

interface Sender {
  send(message: string): void;
  /** An open socket keeps the process alive. */
  close(): void;
}

const nobody: Sender = { send: () => undefined, close: () => undefined };

export class ServiceManager {
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(
    private readonly sender: Sender,
    private readonly watchdogInterval: number | undefined,
  ) {}

  static async connect(environment: NodeJS.ProcessEnv, log: Logger): Promise<ServiceManager> {
    const socket = environment['NOTIFY_SOCKET'];
    if (socket === undefined || socket === '') return new ServiceManager(nobody, undefined);
    const watchdog = Number(environment['WATCHDOG_USEC'] ?? 0);
    const interval = watchdog > 0 ? watchdog / 1000 / 2 : undefined;
    return new ServiceManager((await datagramSender(socket)) ?? commandSender(log), interval);
  }

  ready(): void {
    this.sender.send('READY=1');
    this.status('delivering');
    if (this.watchdogInterval === undefined) return;
    // A timer of the event loop: when the loop hangs, systemd hears nothing and restarts the daemon.
    this.#watchdog = setInterval(() => this.sender.send('WATCHDOG=1'), this.watchdogInterval);
    this.#watchdog.unref();
  }

  status(text: string): void {
    this.sender.send(`STATUS=${text}`);
  }

  stopping(): void {
    this.sender.send('STOPPING=1');
    clearInterval(this.#watchdog);
  }

  /** Nothing can be said after this. */
  close(): void {
    this.sender.close();
  }
}

/** In abstract addresses systemd writes `@` for the leading NUL. */
async function datagramSender(path: string): Promise<Sender | undefined> {
  try {
    const { createSocket } = await import('unix-dgram');
    const socket = createSocket('unix_dgram');
    socket.on('error', () => undefined);
    const address = path.startsWith('@') ? `\0${path.slice(1)}` : path;
    return {
      send(message) {
        const bytes = Buffer.from(message);
        socket.send(bytes, 0, bytes.length, address);
      },
      close: () => socket.close(),
    };
  } catch {
    return undefined;
  }
}

function commandSender(log: Logger): Sender {
  return {
    send(message) {
      execFile('systemd-notify', [message], (error) => {
        if (error !== null) log.warn(`systemd was not told ${message}: ${messageOf(error)}`);
      });
    },
    close: () => undefined,
  };
}
